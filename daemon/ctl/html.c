/* HTML pages, see html.h. */
#include "html.h"
#include "base/text.h"

static const char style_of_all[] =
	"body{font:14px/1.45 system-ui,sans-serif;color:#1b1f24;margin:2em auto;max-width:74em;"
	"padding:0 1em}\n"
	"h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.2em;margin-top:2em;border-bottom:2px "
	"solid #d7dbe0}\n"
	"h3{font-size:1em;margin:1.4em 0 .3em}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th,td{box-sizing:border-box;text-align:left;vertical-align:top;padding:.25em "
	".6em;border-bottom:1px solid "
	"#d7dbe0;overflow-wrap:anywhere}\n"
	"th{background:#f0f2f5}td.n,th.n{text-align:right;white-space:nowrap}\n"
	"svg{max-width:100%;height:auto;display:block}\n"
	"@media print{body{margin:0;max-width:none;font-size:9.5pt}h2,h3{break-after:avoid}"
	"tr,figure{break-inside:avoid}thead{display:table-header-group}"
	"*{print-color-adjust:exact}}\n";

void html_begin(struct buf *b, const char *title, const char *style)
{
	buf_adds(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "style-src 'unsafe-inline'\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<title>");
	html_text(b, title);
	buf_addf(b, "</title>\n<style>\n%s%s</style></head>\n<body>\n", style_of_all, style);
}

void html_end(struct buf *b)
{
	buf_adds(b, "</body></html>\n");
}

static void add_char(struct buf *b, uint32_t c)
{
	switch (c) {
	case '<':
		buf_adds(b, "&lt;");
		break;
	case '>':
		buf_adds(b, "&gt;");
		break;
	case '&':
		buf_adds(b, "&amp;");
		break;
	case '"':
		buf_adds(b, "&quot;");
		break;
	case '\'':
		buf_adds(b, "&#39;");
		break;
	case '\t':
	case '\n':
		buf_addc(b, (char)c);
		break;
	default:
		/* characters that control something have no place in a page */
		utf8_add(b, c < ' ' || (c >= 0x7f && c < 0xa0) ? 0xfffd : c);
	}
}

void html_text(struct buf *b, const char *text)
{
	while (*text)
		add_char(b, utf8_next(&text));
}

void html_name(struct buf *b, const char *text)
{
	buf_adds(b, "<bdi>");
	html_text(b, text);
	buf_adds(b, "</bdi>");
}

void html_dn(struct buf *b, const char *dn)
{
	buf_adds(b, "<bdi>");
	while (*dn) {
		uint32_t c = utf8_next(&dn);

		add_char(b, c);
		if (c == ',')
			buf_adds(b, "<wbr>");
	}
	buf_adds(b, "</bdi>");
}

void html_short(struct buf *b, const char *text, unsigned n)
{
	for (unsigned i = 0; *text && i < n; i++)
		add_char(b, utf8_next(&text));
	if (*text)
		buf_adds(b, "\xe2\x80\xa6");
}
