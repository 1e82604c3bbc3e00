/*
 * Arena: memory that is freed all at once. An entry, its values and everything computed from it
 * live in one arena, which the step resets after each object; so no object costs a malloc.
 */
#pragma once

#include "base/util.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* the newest */
	size_t used;               /* bytes used in it */
	size_t total;              /* bytes in all chunks */
};

/* An arena starts as {0}. */
void arena_done(struct arena *a);
#define _cleanup_arena_ _cleanup_(arena_done)

/* Forgets everything allocated; keeps one chunk for the next object. */
void arena_reset(struct arena *a);

/* 8-byte aligned, uninitialised memory; never NULL. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull));
void *arena_zalloc(struct arena *a, size_t n) __attribute__((returns_nonnull));

/* A NUL-terminated copy of n bytes (which may contain NUL). */
char *arena_dup(struct arena *a, const void *p, size_t n) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3)
	__attribute__((returns_nonnull));
