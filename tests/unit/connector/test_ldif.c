/* The LDIF reader: a table of good and bad files. */
#include "../check.h"
#include "connector/ad/ldif.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

/* The whole file as "name=value;...|" per record, or "!line: text" of the error. */
static char *read_bytes(const char *text, size_t n)
{
	int fd = memfd_create("ldif", MFD_CLOEXEC);
	_cleanup_ldif_ struct ldif l;
	struct buf out = {0};
	struct err e = {0};
	struct ldif_line line;
	int r;

	assert_int_equal(write(fd, text, n), (ssize_t)n);
	lseek(fd, 0, SEEK_SET);
	ldif_init(&l, fd, "test");
	while ((r = ldif_read(&l, &line, &e)) >= 0 && r != 2) {
		if (r == 0)
			buf_addc(&out, '|');
		else
			buf_addf(&out, "%.*s=%s;", (int)line.name_len, line.name, line.value);
	}
	if (r < 0)
		buf_addf(&out, "!%d: %s", e.line, e.text);
	close(fd);
	return buf_steal(&out);
}

static char *read_all(const char *text)
{
	return read_bytes(text, strlen(text));
}

static const struct {
	const char *text, *expected; /* expected is a prefix when it begins with '!' */
} cases[] = {
	{"", ""},
	{"version: 1\n\ndn: cn=a\nx: 1\n", "|dn=cn=a;x=1;"},
	{"dn: cn=a\nx: 1\n\ndn: cn=b\n", "dn=cn=a;x=1;|dn=cn=b;"},
	{"dn: cn=long\n  name\nx: a\n b\n", "dn=cn=long name;x=ab;"},
	{"dn:: Y249w6Q=\nx:: aGk=\n", "dn=cn=ä;x=hi;"},
	{"dn: a\r\nx: 1\r\n\r\n", "dn=a;x=1;|"},
	{"# note\n more of it\ndn: a\n", "dn=a;"},
	{"dn: a\nx:\ny:   \n", "dn=a;x=;y=;"},
	{"dn: a\nx:nospace\n", "dn=a;x=nospace;"},
	{"dn: a\nx: half", "dn=a;!2: the last line has no end"},
	{"dn: a\nx:< file:///etc/passwd\n", "dn=a;!2: a value given as a URL"},
	{"dn: a\nchangetype: modify\n", "dn=a;!2: this is a change"},
	{"dn: a\nx:: a?b=\n", "dn=a;!2: the value is not base64"},
	{"dn: a\nno colon\n", "dn=a;!2: the line is not \"name: value\""},
	{" folded\n", "!1: a line that begins with a blank"},
	{"version: 2\n", "!1: only LDIF version 1"},
	/* a byte order mark */
	{"\xef\xbb\xbf"
	 "version: 1\ndn: a\n",
		"dn=a;"},
	{"\xef\xbb\xbf"
	 "# note\ndn: a\n",
		"dn=a;"},
	{"\xef\xbb\xbf", ""},
	{"dn: a\n\n\xef\xbb\xbf"
	 "dn: b\n",
		"dn=a;|\xef\xbb\xbf"
		"dn=b;"},
	/* files put together */
	{"version: 1\ndn: a\n\nversion: 1\ndn: b\n", "dn=a;|dn=b;"},
	{"dn: a\nversion: 7\n", "dn=a;version=7;"},
	/* ldifde */
	{"dn: a\nchangetype: add\nx: 1\n\ndn: b\nChangeType: ADD\n", "dn=a;x=1;|dn=b;"},
	{"dn: a\nchangetype:: YWRk\nx: 1\n", "dn=a;x=1;"},
	{"dn: a\nchangetype: delete\n", "dn=a;!2: this is a change"},
	{"dn: a\nchangetype: modrdn\n", "dn=a;!2: this is a change"},
	{"dn: a\nchangetype: address\n", "dn=a;!2: this is a change"},
	/* ldapsearch */
	{"# extended LDIF\n#\n\n# a\ndn: a\nx: 1\n\n# search reference\nref: ldap://b/DC=b\n"
	 "ref: ldap://c/DC=c\n\n# search result\nsearch: 2\nresult: 0 Success\n"
	 "control: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\npagedresults: cookie=\n\n"
	 "# numResponses: 3\n# numEntries: 1\n",
		"|dn=a;x=1;|||"},
	{"search: 2\nresult: 0 Success\n\ndn: b\n", "|dn=b;"},
	{"dn: a\nsearch: x\nresult: 4\nref: y\n", "dn=a;search=x;result=4;ref=y;"},
	{"dn: a\n\nsearch: 2\nresult: 4 Size limit exceeded\n",
		"dn=a;|!4: the search that wrote the file ended with \"4 Size limit exceeded\""},
	{"dn: a\n\nsearch: 2\nresult: 10 Referral\n", "dn=a;|!4: the search that wrote"},
	{"dn: a\n\nsearch: 2\nresult: Success\n", "dn=a;|!4: the search that wrote"},
	{"dn: a\n\nsearch: 2\n", "dn=a;|!3: the line \"result:\" of the search"},
	{"dn: a\n\nsearch: 2\n\n# note\n", "dn=a;|!4: the line \"result:\" of the search"},
	{"ref: ldap://b\nx: 1\n", "!2: a record must begin with dn:"},
};

static void test_cases(void **state)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = read_all(cases[i].text);
		const char *bang = strchr(cases[i].expected, '!');

		if (bang) /* the text goes on with advice */
			got[MIN(strlen(got), strlen(cases[i].expected))] = '\0';
		assert_string_equal(got, cases[i].expected);
		free(got);
	}
}

/* UTF-16 of either order, with its mark and without: it is named, whatever the file begins with. */
static void test_utf16(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} files[] = {
		{"\xff\xfe"
		 "d\0n\0:\0 \0a\0\n\0",
			14},
		{"\xfe\xff"
		 "\0d\0n\0:\0 \0a\0\n",
			14},
		{"#\0 \0a\0\r\0\n\0", 10},
		{"\0v\0e\0r", 6},
		{"\r\0\n\0", 4},
		{"\xff\xfe", 2},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		char *got = read_bytes(files[i].bytes, files[i].n);

		assert_ptr_equal(strstr(got, "!1: the file is in UTF-16"), got);
		free(got);
	}
}

/* Folding must work wherever the buffer of 256 KiB ends. */
static void test_long_value(void **state)
{
	struct buf b = {0}, want = {0};
	char *got;

	buf_adds(&b, "dn: a\nx: ");
	buf_adds(&want, "dn=a;x=");
	for (int i = 0; i < 100000; i++) {
		buf_addf(&b, "%07d\n ", i);
		buf_addf(&want, "%07d", i);
	}
	buf_adds(&b, "end\n");
	buf_adds(&want, "end;");
	got = read_all(b.data);
	assert_string_equal(got, want.data);
	free(got);
	buf_done(&b);
	buf_done(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_long_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
