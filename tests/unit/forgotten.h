/*
 * Finds secrets that are left behind in memory that was given back. The test is linked with
 * --wrap=malloc, --wrap=realloc and --wrap=free, so that every call of our own code comes by here;
 * of the system's libraries nothing can be said. What they left behind is cleared in malloc().
 */
#pragma once

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static const char *forgotten_text; /* what must not be found; NULL: nothing is looked for */
static unsigned forgotten;         /* blocks that held it */

void *__wrap_malloc(size_t n);
void __real_free(void *p);
void *__real_realloc(void *p, size_t n);
void __wrap_free(void *p);
void *__wrap_realloc(void *p, size_t n);

static void forgotten_look(const void *p)
{
	if (p && forgotten_text &&
		memmem(p, malloc_usable_size((void *)p), forgotten_text, strlen(forgotten_text)))
		forgotten++;
}

void *__wrap_malloc(size_t n)
{
	return calloc(1, n);
}

void __wrap_free(void *p)
{
	forgotten_look(p);
	__real_free(p);
}

/* Where a block moves to is not for us to say: that it holds the text is enough. */
void *__wrap_realloc(void *p, size_t n)
{
	forgotten_look(p);
	return __real_realloc(p, n);
}
