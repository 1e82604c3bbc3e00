/*
 * The floor of an export: a bare libcurl loop that posts recorded bodies, so many in flight. Usage:
 * post_floor URL CA HEADERFILE BODIES IN_FLIGHT; prints seconds and answers. BODIES is what the
 * emulator's --record writes: the number of bytes on a line, the bytes, a line feed. Each line of
 * HEADERFILE is a header.
 */
#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FLIGHT_MAX 16

static size_t answer_bytes;

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	answer_bytes += size * n;
	return size * n;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static char *read_file(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long n;

	if (!f)
		exit(1);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	text = malloc((size_t)n + 1);
	*ret_n = fread(text, 1, (size_t)n, f);
	text[*ret_n] = '\0';
	fclose(f);
	return text;
}

static struct curl_slist *read_headers(const char *path)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	char *text, *line;
	size_t n;

	text = read_file(path, &n);
	for (line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n"))
		list = curl_slist_append(list, line);
	return list;
}

/* A $batch that begins with something else than a creation: members, managers. */
static int is_references(const char *body)
{
	static const char creation[] = "{\"requests\":[{\"id\":\"1\",\"method\":\"POST";

	return *body == '{' && strncmp(body, creation, sizeof(creation) - 1) != 0;
}

int main(int argc, char **argv)
{
	size_t n, done = 0, bad = 0;
	struct curl_slist *headers = read_headers(argv[3]);
	char *p = read_file(argv[4], &n);
	int flight = atoi(argv[5]), running = 0, left;
	CURLM *multi = curl_multi_init();
	CURL *idle[FLIGHT_MAX];
	int references = 0, n_idle = 0;
	double begin = now();

	for (; n_idle < flight && n_idle < FLIGHT_MAX; n_idle++) {
		idle[n_idle] = curl_easy_init();
		curl_easy_setopt(idle[n_idle], CURLOPT_URL, argv[1]);
		curl_easy_setopt(idle[n_idle], CURLOPT_CAINFO, argv[2]);
		curl_easy_setopt(idle[n_idle], CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(idle[n_idle], CURLOPT_WRITEFUNCTION, on_body);
		curl_easy_setopt(idle[n_idle], CURLOPT_TCP_NODELAY, 1L);
	}
	while (*p || n_idle < flight) {
		CURLMsg *msg;

		while (*p && n_idle) {
			char *body;
			long len = strtol(p, &body, 10);
			CURL *easy;

			body++;
			/* references may only follow when every object is there */
			if (!references && is_references(body))
				references = 1;
			if (references == 1 && n_idle < flight)
				break;
			if (references)
				references = 2;
			easy = idle[--n_idle];
			curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, len);
			curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
			curl_multi_add_handle(multi, easy);
			p = body + len + 1;
		}
		curl_multi_perform(multi, &running);
		while ((msg = curl_multi_info_read(multi, &left))) {
			long status = 0;

			curl_easy_getinfo(msg->easy_handle, CURLINFO_RESPONSE_CODE, &status);
			bad += status != 200;
			done++;
			curl_multi_remove_handle(multi, msg->easy_handle);
			idle[n_idle++] = msg->easy_handle;
		}
		if (running)
			curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	printf("%.4f %zu %zu %zu\n", now() - begin, done, bad, answer_bytes);
	return bad != 0;
}
