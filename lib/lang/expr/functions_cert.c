/*
 * X.509 certificates (RFC 5280), as userCertificate holds them: DER, or base64 of it. Names are
 * written as .NET's X500DistinguishedName does: most specific part first, E and S for the types
 * that OpenSSL calls emailAddress and ST.
 */
#include "lang/expr/functions_priv.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/timefmt.h"
#include "model/dtyp.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#define CERT_MAX 65536 /* bytes; real ones have 1 to 4 KiB */

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

/* The bytes of the argument: as they are, or decoded. NULL: neither. */
static const unsigned char *cert_bytes(struct run_state *rs, const struct term *t, size_t *ret_len)
{
	unsigned char *bytes;
	ssize_t n;

	if (t->len == 0 || t->len > CERT_MAX * 2)
		return NULL;
	*ret_len = t->len;
	if (t->type == TERM_BINARY)
		return (const unsigned char *)t->data;
	if (t->type != TERM_STRING)
		return NULL;
	bytes = arena_alloc(rs->ev->arena, t->len + 1);
	n = base64_decode(bytes, t->data, t->len);
	*ret_len = (size_t)n;
	return n > 0 ? bytes : NULL;
}

static X509 *cert_read(struct run_state *rs, const struct term *t)
{
	size_t len;
	const unsigned char *bytes = cert_bytes(rs, t, &len), *p = bytes;
	X509 *x = p && len <= CERT_MAX ? d2i_X509(NULL, &p, (long)len) : NULL;

	if (x && p != bytes + len) { /* something behind it */
		X509_free(x);
		return NULL;
	}
	return x;
}

typedef struct term cert_field(struct run_state *rs, X509 *x);

static struct term with_cert(
	struct run_state *rs, const struct term *arg, const char *name, cert_field *field)
{
	_cleanup_(x509_freep) X509 *x = cert_read(rs, arg);

	return x ? field(rs, x) : term_error(rs, "%s: the value is no certificate", name);
}

static struct term hex_term(struct run_state *rs, const void *p, size_t n)
{
	char *out = arena_alloc(rs->ev->arena, n * 2 + 1);

	hex_encode(out, p, n);
	return term_string(out, n * 2);
}

static struct term sha1_term(struct run_state *rs, const void *p, size_t n)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len;

	if (!EVP_Digest(p, n, md, &len, EVP_sha1(), NULL))
		return term_error(rs, "SHA-1 is not available");
	return hex_term(rs, md, len);
}

static struct term oid_term(struct run_state *rs, const ASN1_OBJECT *o)
{
	char text[256];
	int n = o ? OBJ_obj2txt(text, sizeof(text), o, 1) : 0;

	return n > 0 && n < (int)sizeof(text) ? term_own(rs, text, (size_t)n) : term_null();
}

/* --- names --- */

static const char *type_name(const ASN1_OBJECT *o, char *buf, size_t size)
{
	switch (OBJ_obj2nid(o)) {
	case NID_pkcs9_emailAddress:
		return "E";
	case NID_stateOrProvinceName:
		return "S";
	case NID_undef:
		memcpy(buf, "OID.", 4);
		OBJ_obj2txt(buf + 4, (int)size - 4, o, 1);
		return buf;
	}
	return OBJ_nid2sn(OBJ_obj2nid(o));
}

static void add_value(struct buf *b, const unsigned char *s, size_t n)
{
	bool quote = n == 0 || s[0] == ' ' || s[0] == '#' || s[n - 1] == ' ';

	for (size_t i = 0; i < n && !quote; i++)
		quote = s[i] && strchr(",+=\"\n<>;", s[i]);
	if (quote)
		buf_addc(b, '"');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"')
			buf_addc(b, '"');
		buf_addc(b, (char)s[i]);
	}
	if (quote)
		buf_addc(b, '"');
}

static struct term name_term(struct run_state *rs, const X509_NAME *name)
{
	_cleanup_buf_ struct buf b = {0};

	for (int i = X509_NAME_entry_count(name) - 1; i >= 0; i--) {
		const X509_NAME_ENTRY *en = X509_NAME_get_entry(name, i);
		unsigned char *text = NULL;
		int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(en));
		char type[128];

		if (n < 0)
			continue;
		buf_addf(&b, "%s%s=", b.len ? ", " : "",
			type_name(X509_NAME_ENTRY_get_object(en), type, sizeof(type)));
		add_value(&b, text, (size_t)n);
		OPENSSL_free(text);
	}
	return term_own(rs, buf_str(&b), b.len);
}

static struct term name_oid(struct run_state *rs, const X509_NAME *name)
{
	int n = X509_NAME_entry_count(name);

	return n ? oid_term(rs, X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, n - 1)))
	         : term_null();
}

static struct term name_part(struct run_state *rs, const X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID((X509_NAME *)name, nid, -1);
	unsigned char *text = NULL;
	struct term t;
	int n;

	if (at < 0)
		return term_null();
	n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (n < 0)
		return term_null();
	t = term_own(rs, (const char *)text, (size_t)n);
	OPENSSL_free(text);
	return t;
}

static struct term string_term(struct run_state *rs, const ASN1_STRING *s)
{
	unsigned char *text = NULL;
	int n = s ? ASN1_STRING_to_UTF8(&text, s) : -1;
	struct term t;

	if (n < 0)
		return term_null();
	t = term_own(rs, (const char *)text, (size_t)n);
	OPENSSL_free(text);
	return t;
}

/* The first alternative name of a kind; UPN: the otherName 1.3.6.1.4.1.311.20.2.3. */
static struct term alternative_name(struct run_state *rs, X509 *x, bool issuer, int kind)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(
		x, issuer ? NID_issuer_alt_name : NID_subject_alt_name, NULL, NULL);
	struct term t = term_null();

	for (int i = 0; t.type == TERM_NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

		if (g->type != kind)
			continue;
		if (kind != GEN_OTHERNAME)
			t = string_term(rs, g->d.ia5);
		else if (OBJ_obj2nid(g->d.otherName->type_id) == NID_ms_upn &&
			 g->d.otherName->value->type == V_ASN1_UTF8STRING)
			t = string_term(rs, g->d.otherName->value->value.utf8string);
	}
	GENERAL_NAMES_free(names);
	return t;
}

/* X509Certificate2.GetNameInfo: where each kind of name is looked for, in order. */
EAGER(f_certnameinfo)
{
	static const struct {
		const char *type;
		int alternative; /* GEN_...; -1: none */
		int parts[4];    /* NIDs in the distinguished name */
	} TYPES[] = {
		{"SimpleName", -1,
			{NID_commonName, NID_organizationalUnitName, NID_organizationName,
				NID_pkcs9_emailAddress}},
		{"EmailName", GEN_EMAIL, {NID_pkcs9_emailAddress}},
		{"UpnName", GEN_OTHERNAME, {0}},
		{"DnsName", GEN_DNS, {NID_commonName}},
		{"DnsFromAlternativeName", GEN_DNS, {0}},
		{"UrlName", GEN_URI, {0}},
	};
	_cleanup_(x509_freep) X509 *x = cert_read(rs, &args[0]);
	size_t len;
	const char *type = term_to_text(&args[1], rs->ev->arena, &len);
	bool issuer = term_is_true(&args[2]);

	if (!x)
		return term_error(rs, "CertNameInfo: the value is no certificate");
	for (unsigned i = 0; i < ARRAY_SIZE(TYPES); i++) {
		const X509_NAME *name = issuer ? X509_get_issuer_name(x) : X509_get_subject_name(x);
		struct term t = term_null();

		if (!streq(TYPES[i].type, type))
			continue;
		if (TYPES[i].alternative >= 0)
			t = alternative_name(rs, x, issuer, TYPES[i].alternative);
		for (unsigned k = 0; t.type == TERM_NULL && k < 4 && TYPES[i].parts[k]; k++)
			t = name_part(rs, name, TYPES[i].parts[k]);
		return t;
	}
	return term_error(rs, "CertNameInfo: there is no type of name \"%s\"", type);
}

/* --- fields --- */

static struct term cert_issuer(struct run_state *rs, X509 *x)
{
	return name_term(rs, X509_get_issuer_name(x));
}

static struct term cert_subject(struct run_state *rs, X509 *x)
{
	return name_term(rs, X509_get_subject_name(x));
}

static struct term cert_issuer_oid(struct run_state *rs, X509 *x)
{
	return name_oid(rs, X509_get_issuer_name(x));
}

static struct term cert_subject_oid(struct run_state *rs, X509 *x)
{
	return name_oid(rs, X509_get_subject_name(x));
}

static struct term cert_format(struct run_state *rs, X509 *x)
{
	return term_text("X509");
}

static struct term cert_friendly_name(struct run_state *rs, X509 *x)
{
	int n = 0;
	const unsigned char *alias = X509_alias_get0(x, &n);

	return alias && n > 0 ? term_own(rs, (const char *)alias, (size_t)n) : term_null();
}

static struct term cert_hash(struct run_state *rs, X509 *x)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n;

	if (!X509_digest(x, EVP_sha1(), md, &n))
		return term_error(rs, "SHA-1 is not available");
	return hex_term(rs, md, n);
}

static struct term cert_extension_oids(struct run_state *rs, X509 *x)
{
	int n = X509_get_ext_count(x);
	struct term *out = arena_alloc(rs->ev->arena, ((size_t)MAX(n, 0) + 1) * sizeof(*out));
	size_t kept = 0;

	for (int i = 0; i < n; i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);

		if (X509_EXTENSION_get_critical(ext))
			out[kept++] = oid_term(rs, X509_EXTENSION_get_object(ext));
	}
	return term_list(rs->ev->arena, out, kept);
}

static X509_ALGOR *key_algorithm(X509 *x)
{
	X509_ALGOR *algorithm = NULL;

	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x));
	return algorithm;
}

static struct term cert_key_oid(struct run_state *rs, X509 *x)
{
	const ASN1_OBJECT *o = NULL;

	X509_ALGOR_get0(&o, NULL, NULL, key_algorithm(x));
	return oid_term(rs, o);
}

static struct term cert_key_params(struct run_state *rs, X509 *x)
{
	const X509_ALGOR *algorithm = key_algorithm(x);
	unsigned char *der = NULL;
	struct term t;
	int n;

	if (!algorithm || !algorithm->parameter)
		return term_null();
	n = i2d_ASN1_TYPE(algorithm->parameter, &der);
	if (n <= 0)
		return term_null();
	t = hex_term(rs, der, (size_t)n);
	OPENSSL_free(der);
	return t;
}

static struct term cert_key_params_oid(struct run_state *rs, X509 *x)
{
	const X509_ALGOR *algorithm = key_algorithm(x);

	if (algorithm && algorithm->parameter && algorithm->parameter->type == V_ASN1_OBJECT)
		return oid_term(rs, algorithm->parameter->value.object);
	return cert_key_oid(rs, x);
}

static struct term cert_signature_oid(struct run_state *rs, X509 *x)
{
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *o = NULL;

	X509_get0_signature(NULL, &algorithm, x);
	X509_ALGOR_get0(&o, NULL, NULL, algorithm);
	return oid_term(rs, o);
}

static struct term cert_serial(struct run_state *rs, X509 *x)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);

	return hex_term(rs, serial->data, (size_t)MAX(serial->length, 0));
}

static struct term cert_version(struct run_state *rs, X509 *x)
{
	return term_text(arena_printf(rs->ev->arena, "%ld", X509_get_version(x) + 1)); /* v1 is 0 */
}

static struct term cert_time(struct run_state *rs, const ASN1_TIME *t)
{
	struct tm tm;
	int64_t days;

	if (!ASN1_TIME_to_tm(t, &tm))
		return term_error(rs, "the certificate has no valid time");
	days = days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	return term_date(
		unix_to_filetime(days * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec));
}

static struct term cert_not_after(struct run_state *rs, X509 *x)
{
	return cert_time(rs, X509_get0_notAfter(x));
}

static struct term cert_not_before(struct run_state *rs, X509 *x)
{
	return cert_time(rs, X509_get0_notBefore(x));
}

#define FIELD(function, name, field)                           \
	EAGER(function)                                        \
	{                                                      \
		return with_cert(rs, &args[0], name, (field)); \
	}

FIELD(f_certextensionoids, "CertExtensionOids", cert_extension_oids)
FIELD(f_certformat, "CertFormat", cert_format)
FIELD(f_certfriendlyname, "CertFriendlyName", cert_friendly_name)
FIELD(f_certhashstring, "CertHashString", cert_hash)
FIELD(f_certissuer, "CertIssuer", cert_issuer)
FIELD(f_certissuerdn, "CertIssuerDN", cert_issuer)
FIELD(f_certissueroid, "CertIssuerOid", cert_issuer_oid)
FIELD(f_certkeyalgorithm, "CertKeyAlgorithm", cert_key_oid)
FIELD(f_certkeyalgorithmparams, "CertKeyAlgorithmParams", cert_key_params)
FIELD(f_certnotafter, "CertNotAfter", cert_not_after)
FIELD(f_certnotbefore, "CertNotBefore", cert_not_before)
FIELD(f_certpublickeyoid, "CertPublicKeyOid", cert_key_oid)
FIELD(f_certpublickeyparametersoid, "CertPublicKeyParametersOid", cert_key_params_oid)
FIELD(f_certserialnumber, "CertSerialNumber", cert_serial)
FIELD(f_certsignaturealgorithmoid, "CertSignatureAlgorithmOid", cert_signature_oid)
FIELD(f_certsubject, "CertSubject", cert_subject)
FIELD(f_certsubjectnamedn, "CertSubjectNameDN", cert_subject)
FIELD(f_certsubjectnameoid, "CertSubjectNameOid", cert_subject_oid)
FIELD(f_certthumbprint, "CertThumbprint", cert_hash)
FIELD(f_certversion, "CertVersion", cert_version)

EAGER(f_iscert)
{
	_cleanup_(x509_freep) X509 *x = cert_read(rs, &args[0]);

	return term_boolean(x != NULL);
}

EAGER(f_thumbprint)
{
	size_t len;
	const unsigned char *p = cert_bytes(rs, &args[0], &len);

	return p ? sha1_term(rs, p, len)
	         : term_error(rs, "Thumbprint: bytes or base64 text were expected");
}
