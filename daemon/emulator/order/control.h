/* Requests below /emulator/. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* Answers one; the path decides. */
void handle_emulator(
	struct emulator *em, struct request *rq, const char *path, struct response *rs);
