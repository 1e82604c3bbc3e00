/* LDIF files: the reader must end, with a record or an error that names a line. */
#include "connector/ad/ldif.h"
#include "fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("ldif", MFD_CLOEXEC);
	struct ldif_line line;
	struct err e = {0};
	struct ldif l;
	int r;

	if (write(fd, data, n) != (ssize_t)n)
		abort();
	lseek(fd, 0, SEEK_SET);
	ldif_init(&l, fd, "fuzz");
	while ((r = ldif_read(&l, &line, &e)) >= 0 && r != 2)
		if (r == 1 && (!line.name_len || line.value[line.value_len] != '\0'))
			abort();
	if (r < 0 && e.line <= 0)
		abort();
	ldif_done(&l);
	close(fd);
	return 0;
}
