/* The page of adsyncctl soa report. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

/* The whole page of an answer to SoaReport. Lists that are too long end with their number. */
void soa_report_page(struct buf *b, const json_t *report);

/* --- its pictures: soa_report_svg.c --- */

/* "given" of a plan that a person has edited, or else the computed one. */
long long soa_wave_of(const json_t *object);
/* The class of the style sheet for a readiness: "blocks", "warns", "info", "ready". */
const char *soa_readiness(const json_t *object);

/* How many objects of which class are in which state. */
void soa_svg_counts(struct buf *b, const json_t *counts);
/* Objects that the cloud has, day by day, all together, up to the day of `now`. */
void soa_svg_progress(struct buf *b, const json_t *converted, const char *now);
/* Which groups of the plan are in which: a figure for those that hang together. */
void soa_svg_nesting(struct buf *b, const json_t *plan);
