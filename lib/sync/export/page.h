/* page: the rows and links that are due, page by page, in the order of the phases. */
#pragma once

#include "sync/export/export.h"

/* The next page of the phase, its rows marked as sending and committed. 0: there is no more. */
int export_page_next(struct export_step *st, struct export_page **ret, struct err *e) _must_check_;
void export_page_free(struct export_page *p);
