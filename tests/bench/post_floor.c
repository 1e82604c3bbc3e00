/*
 * The floor of an export: a bare libcurl loop that posts recorded $batch bodies (a line each), so
 * many in flight. Usage: post_floor URL CA HEADERFILE BODIES IN_FLIGHT; prints seconds and answers.
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

int main(int argc, char **argv)
{
	size_t n, done = 0, bad = 0;
	char *header = read_file(argv[3], &n), *p = read_file(argv[4], &n);
	int flight = atoi(argv[5]), running = 0, left;
	CURLM *multi = curl_multi_init();
	CURL *idle[FLIGHT_MAX];
	struct curl_slist *headers = NULL;
	int references = 0, n_idle = 0;
	double begin = now();

	header[strcspn(header, "\r\n")] = '\0';
	headers = curl_slist_append(headers, header);
	headers = curl_slist_append(headers, "Content-Type: application/json");
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

		/* references may only follow when every object is there */
		if (*p && !references &&
			strncmp(p, "{\"requests\":[{\"id\":\"1\",\"method\":\"POST", 37))
			references = 1;
		if (references == 1 && n_idle == flight)
			references = 2;
		while (*p && n_idle && references != 1) {
			char *end = strchr(p, '\n');
			CURL *easy = idle[--n_idle];

			curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)(end - p));
			curl_easy_setopt(easy, CURLOPT_POSTFIELDS, p);
			curl_multi_add_handle(multi, easy);
			p = end + 1;
			if (!references)
				break;
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
		if (n_idle == 0 || !*p)
			curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	printf("%.4f %zu %zu %zu\n", now() - begin, done, bad, answer_bytes);
	return bad != 0;
}
