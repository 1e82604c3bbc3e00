/* /applications, their extensionProperties, and what the directory has of these. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_applications(struct emulator *em, struct request *rq, struct response *rs);
/* POST /directoryObjects/getAvailableExtensionProperties */
void handle_available_extensions(struct emulator *em, struct request *rq, struct response *rs);
