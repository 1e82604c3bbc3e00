/* HTML pages that adsyncctl writes: whole in themselves, without scripts, readable in print. */
#pragma once

#include "base/buf.h"

/*
 * Begins a page with its title and style sheet. The browser is told to load nothing. `style` is
 * added to what all pages have.
 */
void html_begin(struct buf *b, const char *title, const char *style);
void html_end(struct buf *b);

/* Text as text, whatever is in it; also inside of a quoted attribute. */
void html_text(struct buf *b, const char *text);
/* The same where a name of a directory stands: its direction of writing ends with it. */
void html_name(struct buf *b, const char *text);
/* A DN: a line may end behind a comma. */
void html_dn(struct buf *b, const char *dn);
/* At most n characters of it, then "...". */
void html_short(struct buf *b, const char *text, unsigned n);
