/* The commands: a new one is a file or a function, and a row in invoke.c. */
#pragma once

#include "exchange/call.h"

void get_mailbox(const struct call *c);
void set_mailbox(const struct call *c);
void get_organization(const struct call *c);
void set_organization(const struct call *c);
