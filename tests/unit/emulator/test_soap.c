/*
 * The emulator's binary XML: the vectors and records that the client's codec is tested with, and
 * random documents from each writer to the other's reader. Both sides are linked here alone.
 */
#include "../check.h"
#include "../nbfx/records.h"
#include "base/codec.h"
#include "base/file.h"
#include "net/nbfx.h"
#include "soap/dictionary.h"
#include "soap/element.h"
#include "soap/encode.h"
#include "soap/names.h"

#include <errno.h>
#include <stdio.h>

#define CHANGE "http://schemas.microsoft.com/online/aws/change/2010/01"
#define OBJECT "http://schemas.microsoft.com/online/aws/change/2014/06"
#define ARRAYS "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define XS "http://www.w3.org/2001/XMLSchema"
#define SOAP "http://www.w3.org/2003/05/soap-envelope"
#define WSA "http://www.w3.org/2005/08/addressing"

static void add_hex(struct buf *b, const char *hex)
{
	for (; *hex; hex++) {
		char byte;

		if (*hex == ' ' || *hex == '\n')
			continue;
		assert_int_equal(hex_decode(&byte, hex++, 2), 1);
		buf_addc(b, byte);
	}
}

static char *read_file(const char *name, const char *suffix)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.%s", ADSYNC_NBFX_VECTORS, name, suffix);
	struct err e = {0};
	char *text;

	if (file_read(path, 1 << 20, &text, NULL, &e) < 0)
		fail_msg("%s: %s", e.source, e.text);
	return text;
}

/* --- a tree as XML, in the form of the files *.xml --- */

static void add_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		const char *as = *s == '<'    ? "&lt;"
		                 : *s == '>'  ? "&gt;"
		                 : *s == '&'  ? "&amp;"
		                 : *s == '"'  ? "&quot;"
		                 : *s == '\r' ? "&#13;"
		                              : NULL;
		if (as)
			buf_adds(b, as);
		else
			buf_addc(b, *s);
	}
}

static void add_declarations(struct buf *b, const struct declaration *n)
{
	if (!n)
		return;
	add_declarations(b, n->next); /* the last one is first in the list */
	buf_addf(b, " xmlns%s%s=\"", *n->prefix ? ":" : "", n->prefix);
	add_escaped(b, n->ns);
	buf_addc(b, '"');
}

static void add_element(struct buf *b, const struct element *o, unsigned depth)
{
	const char *colon = *o->prefix ? ":" : "";

	buf_addf(b, "%*s<%s%s%s", (int)depth * 2, "", o->prefix, colon, o->name);
	add_declarations(b, o->declarations);
	for (const struct attribute *at = o->attributes; at; at = at->next) {
		buf_addf(b, " %s%s%s=\"", at->prefix, *at->prefix ? ":" : "", at->name);
		add_escaped(b, at->value);
		buf_addc(b, '"');
	}
	buf_addc(b, '>');
	add_escaped(b, o->text);
	if (o->first)
		buf_addc(b, '\n');
	for (const struct element *k = o->first; k; k = k->next)
		add_element(b, k, depth + 1);
	buf_addf(b, "%*s</%s%s%s>\n", o->first ? (int)depth * 2 : 0, "", o->prefix, colon, o->name);
}

/* 0, or -EBADMSG. */
static int to_xml(const char *hex, struct buf *xml, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	const struct element *root;

	add_hex(&b, hex);
	root = element_decode(b.data ? b.data : "", b.len, &a, e);
	if (!root)
		return e->code;
	add_element(xml, root, 0);
	return 0;
}

static void test_vectors(void **state)
{
	static const char *const names[] = {"t1", "t2", "t3", "t4", "t5", "t6", "t7"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *hex = read_file(names[i], "hex");
		_cleanup_free_ char *wanted = read_file(names[i], "xml");
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(hex, &xml, &e) < 0)
			fail_msg("%s: %s", names[i], e.text);
		assert_string_equal(buf_str(&xml), wanted);
	}
}

static void test_records(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(nbfx_records); i++) {
		_cleanup_free_ char *hex = xasprintf("400178%s", nbfx_records[i].hex);
		_cleanup_free_ char *wanted = xasprintf("<x>%s</x>\n", nbfx_records[i].text);
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(hex, &xml, &e) < 0)
			fail_msg("%s: %s", hex, e.text);
		assert_string_equal(buf_str(&xml), wanted);
	}
}

static void test_messages(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(nbfx_messages); i++) {
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(nbfx_messages[i].hex, &xml, &e) < 0)
			fail_msg("%s: %s", nbfx_messages[i].hex, e.text);
		assert_string_equal(buf_str(&xml), nbfx_messages[i].xml);
	}
}

static void test_refused(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(nbfx_refused); i++) {
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(nbfx_refused[i], &xml, &e) != -EBADMSG)
			fail_msg("taken: %s as %s", nbfx_refused[i], buf_str(&xml));
		assert_non_null(strstr(e.text, "byte "));
	}
}

static void test_dictionary(void **state)
{
	assert_string_equal(dictionary_word(0), "mustUnderstand");
	assert_string_equal(dictionary_word(0x0a2), "");
	assert_string_equal(
		dictionary_word(0x1a8), " http://schemas.xmlsoap.org/ws/2005/02/trust/tlsnego");
	assert_string_equal(dictionary_word(0x3cc), "detail");
	assert_null(dictionary_word(0x3ce));
	assert_null(dictionary_word(3));
	assert_int_equal(dictionary_id("detail"), 0x3cc);
	assert_int_equal(dictionary_id(""), -1);
	assert_int_equal(dictionary_id("FinalizeExport"), -1);
}

/* --- writing: the vectors of WCF's own profile --- */

static void same_as(const struct buf *b, const char *name)
{
	_cleanup_free_ char *hex = read_file(name, "hex");
	_cleanup_buf_ struct buf wanted = {0};

	add_hex(&wanted, hex);
	assert_memory_equal(b->data, wanted.data, MIN(b->len, wanted.len));
	assert_int_equal(b->len, wanted.len);
}

static void begin_property(struct buf *b, const char *key)
{
	encode_start(b, 'c', "KeyValueOfstringanyType");
	encode_leaf(b, 'c', "Key", key);
	encode_start(b, 'c', "Value");
}

static void begin_typed(struct buf *b, const char *key, const char *type)
{
	begin_property(b, key);
	encode_attribute_qname(b, 'i', "type", type);
	encode_xmlns(b, 'd', XS);
}

static void test_write_bag(void **state)
{
	_cleanup_buf_ struct buf b = {0};

	encode_start(&b, 'b', "PropertyValues");
	encode_xmlns(&b, 'b', OBJECT);
	encode_xmlns(&b, 'c', ARRAYS);
	encode_xmlns(&b, 'i', XSI);
	begin_typed(&b, "SourceAnchor", "d:string");
	encode_text_end(&b, "eFY0Erya8N4RIjNEVWZ3iA==", 24);
	encode_end(&b);
	begin_typed(&b, "accountEnabled", "d:boolean");
	encode_bool_end(&b, true);
	encode_end(&b);
	begin_typed(&b, "countryCode", "d:long");
	encode_long_end(&b, 276);
	encode_end(&b);
	begin_typed(&b, "onPremiseSecurityIdentifier", "d:base64Binary");
	encode_bytes_end(&b, "\1\1\0\0\0\0\0\5\x12\0\0\0", 12);
	encode_end(&b);
	begin_property(&b, "proxyAddresses");
	encode_attribute_qname(&b, 'i', "type", "c:ArrayOfstring");
	encode_leaf(&b, 'c', "string", "SMTP:a@x.de");
	encode_leaf(&b, 'c', "string", "smtp:b@x.de");
	encode_end(&b);
	encode_end(&b);
	encode_start(&b, 'c', "KeyValueOfstringanyType");
	encode_leaf(&b, 'c', "Key", "mail");
	encode_nil(&b, 'c', "Value");
	encode_end(&b);
	encode_end(&b);
	same_as(&b, "t2");
}

static void test_write_result(void **state)
{
	static const char operation[] =
		CHANGE "/IProvisioningWebService/ProvisionAzureADSyncObjectsResponse";
	_cleanup_buf_ struct buf b = {0};

	encode_start(&b, 's', "Envelope");
	encode_xmlns(&b, 's', SOAP);
	encode_xmlns(&b, 'a', WSA);
	encode_start(&b, 's', "Header");
	encode_start(&b, 'a', "Action");
	encode_attribute(&b, 's', "mustUnderstand", "1");
	encode_text_end(&b, operation, strlen(operation));
	encode_start(&b, 'a', "RelatesTo");
	encode_unique_id_end(&b, "urn:uuid:00112233-4455-6677-8899-aabbccddeeff");
	encode_end(&b);
	encode_start(&b, 's', "Body");
	encode_start(&b, 0, "ProvisionAzureADSyncObjectsResponse");
	encode_xmlns(&b, 0, CHANGE);
	encode_start(&b, 0, "ProvisionAzureADSyncObjectsResult");
	encode_xmlns(&b, 'b', OBJECT);
	encode_xmlns(&b, 'i', XSI);
	encode_start(&b, 'b', "SyncObjectResults");
	encode_start(&b, 'b', "AzureADSyncObjectResult");
	encode_leaf(&b, 'b', "CloudAnchor", "User_64c6616b-f961-4882-a03e-9209d01711aa");
	encode_leaf(&b, 'b', "ResultCode", "Success");
	encode_nil(&b, 'b', "ResultErrorDescription");
	encode_leaf(&b, 'b', "SourceAnchor", "eFY0Erya8N4RIjNEVWZ3iA==");
	for (unsigned i = 0; i < 6; i++)
		encode_end(&b);
	same_as(&b, "t3");
}

static void test_write_fault(void **state)
{
	static const char url[] = "https://adminwebservice-s1-bn1a.microsoftonline.com/"
				  "provisioningservice.svc";
	_cleanup_buf_ struct buf b = {0};

	encode_start(&b, 's', "Envelope");
	encode_xmlns(&b, 's', SOAP);
	encode_start(&b, 's', "Header");
	encode_end(&b);
	encode_start(&b, 's', "Body");
	encode_start(&b, 's', "Fault");
	encode_start(&b, 's', "Code");
	encode_leaf(&b, 's', "Value", "s:Receiver");
	encode_end(&b);
	encode_start(&b, 's', "Reason");
	encode_start(&b, 's', "Text");
	encode_attribute_xml(&b, "lang", "en-US");
	encode_text_end(&b, "Redirect", 8);
	encode_end(&b);
	encode_start(&b, 's', "Detail");
	encode_start(&b, 0, "BindingRedirectionFault");
	encode_xmlns(&b, 0, CHANGE);
	encode_leaf(&b, 0, "Url", url);
	for (unsigned i = 0; i < 5; i++)
		encode_end(&b);
	same_as(&b, "t4");
}

/* Each number in the smallest record, and what comes back. */
static void test_write_values(void **state)
{
	static const int64_t numbers[] = {0, 1, 2, -1, 127, 128, -128, -129, 32767, 32768, -32768,
		-32769, INT32_MAX, (int64_t)INT32_MAX + 1, INT32_MIN, (int64_t)INT32_MIN - 1,
		INT64_MAX, INT64_MIN};

	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		_cleanup_free_ char *wanted = xasprintf("<x>%lld</x>\n", (long long)numbers[i]);
		_cleanup_buf_ struct buf b = {0}, xml = {0};
		struct err e = {0};

		encode_start(&b, 0, "x");
		encode_long_end(&b, numbers[i]);
		assert_int_equal(nbfx_to_xml(b.data, b.len, &xml, &e), 0);
		assert_string_equal(buf_str(&xml), wanted);
	}
}

/* --- random documents --- */

static uint64_t random_state;

static unsigned dice(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

/* What both writers can do. */
struct writer {
	void (*start)(struct buf *b, char prefix, const char *name);
	void (*declare)(struct buf *b, char prefix, const char *ns);
	void (*attribute)(struct buf *b, char prefix, const char *name, const char *value);
	void (*text)(struct buf *b, const char *s, size_t n);
	void (*end)(struct buf *b);
};
static const struct writer clients = {
	nbfx_start, nbfx_declare, nbfx_put_attribute, nbfx_end_text, nbfx_end};
static const struct writer emulators = {
	encode_start, encode_xmlns, encode_attribute, encode_text_end, encode_end};

static const char *some_name(void)
{
	static const char *const names[] = {"Value", "Key", "Envelope", "type", "nil", "x",
		"SyncObjectType", "\303\274ber", "string", "a-b.c_1"};

	return names[dice(ARRAY_SIZE(names))];
}

static void some_text(char *ret, size_t size)
{
	static const char *const pieces[] = {"", "0", "1", "true", "false", "User", "276", "-5",
		"8.0", " ", "\t\r\n", "<&>\"", "\303\251", "\342\202\254\342\202\254\342\202\254",
		"\360\237\230\200", "00112233-4455-6677-8899-aabbccddeeff", "d:string", "QUJD"};
	unsigned n = dice(4);

	*ret = '\0';
	for (unsigned i = 0; i < n; i++)
		strncat(ret, pieces[dice(ARRAY_SIZE(pieces))], size - strlen(ret) - 1);
	if (dice(40) == 0)
		for (size_t i = strlen(ret); i + 1 < size; i++, ret[i] = '\0')
			ret[i] = 'x';
}

static void write_some(const struct writer *w, struct buf *b, unsigned depth)
{
	char text[700];
	unsigned n = depth < 6 ? dice(4) : 0;

	w->start(b, dice(2) ? (char)('a' + dice(3)) : 0, some_name());
	if (depth == 0)
		for (char c = 'a'; c <= 'd'; c++)
			w->declare(b, c, c == 'a' ? WSA : c == 'b' ? OBJECT : "urn:other");
	if (dice(3) == 0)
		w->declare(b, 0, CHANGE);
	if (dice(3) == 0) {
		some_text(text, sizeof(text));
		w->attribute(b, dice(2) ? 'd' : 0, some_name(), text);
	}
	for (unsigned i = 0; i < n; i++)
		write_some(w, b, depth + 1);
	if (n) {
		w->end(b);
		return;
	}
	some_text(text, sizeof(text));
	w->text(b, text, strlen(text));
}

static void test_random(void **state)
{
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		_cleanup_buf_ struct buf one = {0}, other = {0}, xml = {0}, again = {0};
		_cleanup_arena_ struct arena a = {0};
		const struct element *root;
		struct err e = {0};

		random_state = seed;
		write_some(&clients, &one, 0);
		random_state = seed;
		write_some(&emulators, &other, 0);
		root = element_decode(one.data, one.len, &a, &e);
		if (!root)
			fail_msg("%u: %s", (unsigned)seed, e.text);
		add_element(&xml, root, 0);
		if (nbfx_to_xml(other.data, other.len, &again, &e) < 0)
			fail_msg("%u: %s", (unsigned)seed, e.text);
		assert_string_equal(buf_str(&xml), buf_str(&again));
	}
}

static void test_tree(void **state)
{
	_cleanup_free_ char *hex = read_file("t2", "hex");
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	const struct element *root, *value;
	const char *ns, *name;
	struct err e = {0};

	add_hex(&b, hex);
	root = element_decode(b.data, b.len, &a, &e);
	assert_non_null(root);
	assert_string_equal(element_child_text(root->first, "Key"), "SourceAnchor");
	assert_string_equal(element_child_text(root->first, "None"), "");
	assert_string_equal(element_child_text(NULL, "Key"), "");
	value = element_child(root->first, "Value");
	assert_true(element_qname(value, element_attribute(value, XSI, "type"), &ns, &name, &a));
	assert_string_equal(ns, XS);
	assert_string_equal(name, "string");
	assert_false(element_qname(root, "d:string", &ns, &name, &a)); /* declared further in */
	assert_false(element_qname(value, ":string", &ns, &name, &a));
	assert_null(element_attribute(value, "", "type"));
}

/* --- names without values --- */

static const char *names_of(const void *data, size_t n, struct buf *ret)
{
	_cleanup_arena_ struct arena a = {0};
	struct err e = {0};
	const struct element *root = element_decode(data, n, &a, &e);

	assert_non_null(root);
	buf_clear(ret);
	names_write(root, ret);
	return buf_str(ret);
}

static void test_names(void **state)
{
	_cleanup_free_ char *hex = read_file("t3", "hex");
	_cleanup_buf_ struct buf b = {0}, text = {0};

	add_hex(&b, hex);
	names_of(b.data, b.len, &text);
	assert_non_null(strstr(text.data, "\n  Body\n"
					  "    ProvisionAzureADSyncObjectsResponse {" CHANGE "}\n"
					  "      ProvisionAzureADSyncObjectsResult\n"
					  "        SyncObjectResults {" OBJECT "}\n"
					  "          AzureADSyncObjectResult\n"
					  "            CloudAnchor text\n"
					  "            ResultCode text\n"
					  "            ResultErrorDescription nil\n"
					  "            SourceAnchor text\n"));
	assert_null(strstr(text.data, "64c6616b"));
	assert_null(strstr(text.data, "Success"));
}

static void put_pair(struct buf *b, const char *key, const char *type, const char *value)
{
	encode_start(b, 0, "KeyValueOfstringanyType");
	encode_leaf(b, 0, "Key", key);
	encode_start(b, 0, "Value");
	encode_attribute(b, 0, "type", type);
	encode_text_end(b, value, strlen(value));
	encode_end(b);
}

/* Keys are names; a directory's own id, and what is no name at all, are not told. */
static void test_names_of_a_bag(void **state)
{
	_cleanup_buf_ struct buf b = {0}, text = {0};

	encode_start(&b, 0, "Bag");
	put_pair(&b, "DisplayName", "d:string", "Anna");
	put_pair(&b, "DisplayName", "d:string", "Bertil");
	put_pair(&b, "extension_0123456789abcdef0123456789abcdef_size", "d:long", "3");
	put_pair(&b, "Anna Berg", "a b", "secret");
	encode_end(&b);
	assert_string_equal(names_of(b.data, b.len, &text),
		"Bag {}\n"
		"  KeyValueOfstringanyType DisplayName ...\n"
		"    Key text ...\n"
		"    Value type=d:string text ...\n"
		"  KeyValueOfstringanyType extension_(id)_size\n"
		"    Key text\n"
		"    Value type=d:long text\n"
		"  KeyValueOfstringanyType (no name)\n"
		"    Key text\n"
		"    Value type=(no name) text\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_dictionary),
		cmocka_unit_test(test_write_bag),
		cmocka_unit_test(test_write_result),
		cmocka_unit_test(test_write_fault),
		cmocka_unit_test(test_write_values),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_of_a_bag),
	};

	return cmocka_run_group_tests_name("emulator/soap", tests, NULL, NULL);
}
