/* dtyp: Windows data types as Active Directory stores them ([MS-DTYP]): GUID, SID, FILETIME. */
#pragma once

#include "base/util.h"

/*
 * objectGUID: 16 bytes, the first three fields little-endian ([MS-DTYP] 2.3.4.2); text in lower
 * case without braces. guid_parse accepts either case and optional braces.
 */
#define GUID_TEXT_SIZE 37 /* 8-4-4-4-12 and NUL */
void guid_format(char dst[GUID_TEXT_SIZE], const unsigned char guid[16]);
bool guid_parse(unsigned char ret_guid[16], const char *text) _must_check_;

/* FILETIME: 100 ns since 1601-01-01 ([MS-DTYP] 2.3.3). */
int64_t filetime_to_unix(int64_t filetime);
int64_t unix_to_filetime(int64_t t);

/*
 * objectSid: revision, count, 6 bytes authority big-endian, count 32-bit little-endian parts
 * ([MS-DTYP] 2.4.2). False when the bytes are no SID. dst gets at most size bytes.
 */
bool sid_format(char *dst, size_t size, const unsigned char *sid, size_t n) _must_check_;
#define SID_MAX (8 + 4 * 15)
#define SID_TEXT_SIZE 200
/* "S-1-5-21-..." to bytes; how many, 0: the text is no SID. */
size_t sid_parse(unsigned char ret_sid[SID_MAX], const char *text);
