/* The report of adsyncctl sync object as a page. */
#pragma once

#include "ctl.h"

/* One page without outside resources, also for paper; the caller frees. */
char *sync_object_html(const json_t *report);
