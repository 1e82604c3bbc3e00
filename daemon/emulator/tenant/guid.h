/*
 * A GUID's text and bytes ([MS-DTYP] 2.3.4.1 and 2.3.4.2). The engine has functions of its own for
 * this: a mistake that both sides shared would never be seen.
 */
#pragma once

#include <stdbool.h>

#define GUID_CHARACTERS 36

/* Lower case, without braces, with a NUL. */
void guid_write(char dst[GUID_CHARACTERS + 1], const unsigned char packet[16]);
/* Either case, without braces; false: the text is not a GUID. */
bool guid_read(unsigned char ret_packet[16], const char *text);
