/* Runs a fuzz target over files and over every shorter beginning of each. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned run_file(const char *path)
{
	static uint8_t data[1 << 16];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	for (size_t len = n > 2000 ? n - 2000 : 0; len <= n; len++) {
		uint8_t *copy = malloc(len + 1); /* exactly as long: ASan sees a byte too far */

		memcpy(copy, data, len);
		copy = realloc(copy, len ? len : 1);
		LLVMFuzzerTestOneInput(copy, len);
		free(copy);
	}
	/* and with each byte changed */
	for (size_t i = 0; i < n && i < 4000; i++) {
		uint8_t was = data[i];

		data[i] = (uint8_t)(was ^ (1u << (i % 8)));
		LLVMFuzzerTestOneInput(data, n);
		data[i] = was;
	}
	return 1;
}

int main(int argc, char **argv)
{
	unsigned n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *entry;

		if (!d) {
			perror(argv[i]);
			return 1;
		}
		while ((entry = readdir(d))) {
			char path[1024];

			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			if (entry->d_name[0] != '.')
				n += run_file(path);
		}
		closedir(d);
	}
	printf("%u files\n", n);
	return n == 0;
}
