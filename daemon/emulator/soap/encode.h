/*
 * Writing binary XML as WCF does: names from the dictionary where it has them, values in records of
 * their type. The caller keeps the order: start, attributes and declarations, content, end. What
 * writes a value of an element also ends it.
 */
#pragma once

#include "base/buf.h"

/* prefix: a letter, 0 for none. */
void encode_start(struct buf *b, char prefix, const char *name);
void encode_xmlns(struct buf *b, char prefix, const char *ns);
void encode_attribute(struct buf *b, char prefix, const char *name, const char *value);
/* An attribute whose value is a qualified name: "d:string" with a word of the dictionary behind it.
 */
void encode_attribute_qname(struct buf *b, char prefix, const char *name, const char *value);
/* xml:lang and its like, whose prefix has three letters. */
void encode_attribute_xml(struct buf *b, const char *name, const char *value);
void encode_end(struct buf *b);

void encode_text_end(struct buf *b, const char *s, size_t n);
void encode_bool_end(struct buf *b, bool v);
void encode_long_end(struct buf *b, int64_t v);
void encode_bytes_end(struct buf *b, const void *p, size_t n);
/* "urn:uuid:..." as 16 bytes; other text as it is. */
void encode_unique_id_end(struct buf *b, const char *s);
/* Seconds as a duration. */
void encode_span_end(struct buf *b, int64_t seconds);
/* A whole element with text in it; nil: without, and with i:nil="true". */
void encode_leaf(struct buf *b, char prefix, const char *name, const char *text);
void encode_nil(struct buf *b, char prefix, const char *name);
