/* adsyncd.conf: loads, or one error with the file's name. */
#include "fuzz.h"
#include "sync/config.h"

#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[] = "/tmp/adsyncd-fuzz.XXXXXX";
	struct config *cfg = NULL;
	struct err e = {0};
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
	if (config_load(path, &cfg, &e) < 0 && !e.text[0])
		abort();
	config_free(cfg);
	unlink(path);
	return 0;
}
