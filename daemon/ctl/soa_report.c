/* adsyncctl soa report: the state of a migration on one page. */
#include "soa_report.h"
#include "base/file.h"
#include "base/json.h"
#include "print.h"
#include "soa.h"

/* The last word is the file; those before it are objects. */
int command_soa_report(const struct ctl *c, int argc, char **argv)
{
	_cleanup_json_ json_t *report = NULL;
	_cleanup_buf_ struct buf page = {0};
	struct err e = {0};
	json_t *p;
	int r = soa_parameters(c, argc - 1, argv, true, &p);

	if (r)
		return r;
	r = soa_ask(c, "SoaReport", p, NULL, &report);
	if (r)
		return r;
	soa_report_page(&page, report);
	if (file_write(argv[argc - 1], 0600, page.data, page.len, &e) < 0)
		return ctl_fail(&e, CTL_ERRORS);
	if (c->json)
		print_json(report);
	return 0;
}
