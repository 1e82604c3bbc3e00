/*
 * nbfx: .NET's binary XML as HTTP carries it, application/soap+msbin1 ([MC-NBFX] records with the
 * dictionary of [MC-NBFS]). The reader takes every record; the writer needs few: all names inline,
 * all values as text. A reader borrows its input; whatever it gives is valid until the next
 * nbfx_next().
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define NBFX_MESSAGE_MAX (64u << 20) /* bytes */
#define NBFX_DEPTH_MAX 64
#define NBFX_ATTRIBUTES_MAX 64 /* of one element */
#define NBFX_NAME_MAX 1024     /* bytes of a name or a prefix */

/* Text that is not NUL-terminated. */
struct nbfx_text {
	const char *s;
	size_t n;
};
static inline bool nbfx_is(struct nbfx_text t, const char *s)
{
	return t.n == strlen(s) && memcmp(t.s, s, t.n) == 0;
}

struct nbfx_name {
	struct nbfx_text prefix, local;
	struct nbfx_text ns; /* "" : none */
};

enum nbfx_event {
	NBFX_START, /* nbfx_name(), nbfx_attribute() */
	NBFX_TEXT,  /* nbfx_text(); one piece: more of them may follow */
	NBFX_END,   /* nbfx_name() */
	NBFX_DONE,  /* the message is over, and was whole */
};

struct nbfx_reader;
struct nbfx_reader *nbfx_reader_new(const void *data, size_t n) _must_check_;
void nbfx_reader_free(struct nbfx_reader *r); /* NULL is fine */
/* Takes a message of up to so many bytes, instead of NBFX_MESSAGE_MAX. */
void nbfx_reader_limit(struct nbfx_reader *r, size_t max);
/* Bytes of the message that are behind it. */
size_t nbfx_position(const struct nbfx_reader *r);
static inline void nbfx_reader_freep(struct nbfx_reader **r)
{
	nbfx_reader_free(*r);
}
#define _cleanup_nbfx_ _cleanup_(nbfx_reader_freep)

/* 0, or -EBADMSG: *e says at which byte and why. After an error there is nothing more to read. */
int nbfx_next(struct nbfx_reader *r, enum nbfx_event *ret, struct err *e) _must_check_;

const struct nbfx_name *nbfx_name(const struct nbfx_reader *r);
struct nbfx_text nbfx_text(const struct nbfx_reader *r);
/* Of the element that began. False: it has none of that name. ns "": an attribute without prefix.
 */
bool nbfx_attribute(const struct nbfx_reader *r, const char *ns, const char *local,
	struct nbfx_text *ret) _must_check_;
/* The i-th attribute, and the i-th declaration of a namespace, of the element that began. */
bool nbfx_attribute_at(const struct nbfx_reader *r, unsigned i, struct nbfx_name *ret_name,
	struct nbfx_text *ret) _must_check_;
bool nbfx_declared_at(const struct nbfx_reader *r, unsigned i, struct nbfx_text *ret_prefix,
	struct nbfx_text *ret_ns) _must_check_;
/*
 * A value that is a qualified name ("d:string"), by the declarations where the reader stands;
 * without a prefix it is of the default namespace. False: no name, or the prefix is not declared.
 */
bool nbfx_qname(const struct nbfx_reader *r, struct nbfx_text value, struct nbfx_text *ret_ns,
	struct nbfx_text *ret_local) _must_check_;

/* Reads on to the end of the element that began: its text, appended; elements in it are refused. */
int nbfx_read_text(struct nbfx_reader *r, struct buf *b, struct err *e) _must_check_;
/* Reads over all that is in the element that began, and its end. */
int nbfx_skip(struct nbfx_reader *r, struct err *e) _must_check_;
/*
 * After the start of an element: moves into its next child. *ret false: it had no more and ended.
 * Text between children is passed over when it is white space, refused otherwise.
 */
int nbfx_child(struct nbfx_reader *r, bool *ret, struct err *e) _must_check_;

/* Can a message hold the text? It is UTF-8 and has no character that XML 1.0 forbids. */
bool nbfx_holds(const char *s, size_t n) _must_check_;
/* A whole message as XML for people, indented. */
int nbfx_to_xml(const void *data, size_t n, struct buf *b, struct err *e) _must_check_;

/*
 * Writing; the order is the caller's to keep: start, attributes and declarations, content, end.
 * prefix: a letter a to z, 0: none.
 */
void nbfx_start(struct buf *b, char prefix, const char *name);
void nbfx_declare(struct buf *b, char prefix, const char *ns);
void nbfx_put_attribute(struct buf *b, char prefix, const char *name, const char *value);
void nbfx_end(struct buf *b);
/* Text and the end of its element. The text is one that nbfx_holds(). */
void nbfx_end_text(struct buf *b, const char *s, size_t n);
/* A whole element that holds text. */
void nbfx_leaf(struct buf *b, char prefix, const char *name, const char *s);
