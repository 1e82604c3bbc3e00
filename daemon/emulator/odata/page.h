/* What pages have in common: links to the next one, and answers of $count. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"

#define PAGE_DEFAULT 100

/* Appends "@odata.nextLink" of this request, with a comma behind it. */
void add_next_link(const struct request *rq, unsigned long token, struct buf *b);
/* The answer of .../$count. */
void add_count_only(const struct request *rq, unsigned long n, struct response *rs);
