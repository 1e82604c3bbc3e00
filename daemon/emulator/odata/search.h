/* $search: words of properties. */
#pragma once

#include "tenant/directory.h"

struct search;

/* $search="displayName:word" AND ...: words that begin with it. NULL with *why. */
struct search *search_parse(const char *text, const char **why);
void search_free(struct search *s);
int search_match(const struct search *s, const struct object *o, const char **why);
