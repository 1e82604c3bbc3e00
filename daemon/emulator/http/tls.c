/* A small CA and one certificate, by OpenSSL. */
#include "http/tls.h"

#include "base/buf.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int ssl_error(const char *path, struct err *e)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return err_set(e, -EIO, path, 0, "%s", text);
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool good;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = ext && X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	return good;
}

static X509 *make_certificate(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key,
	int days, const char *san)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	unsigned char serial[8];
	bool good;

	RAND_bytes(serial, sizeof(serial));
	serial[0] &= 0x7f;
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), *(uint64_t *)(void *)serial >> 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), days < 0 ? days * 2 * 86400L : -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
	issuer = issuer ? issuer : cert;
	good = add_extension(cert, issuer, NID_basic_constraints,
		       san ? "critical,CA:FALSE" : "critical,CA:TRUE") &&
	       add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
	       add_extension(cert, issuer, NID_key_usage,
		       san ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
	if (good && san)
		good = add_extension(cert, issuer, NID_subject_alt_name, san) &&
		       add_extension(cert, issuer, NID_ext_key_usage, "serverAuth") &&
		       add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
	if (good && X509_sign(cert, issuer_key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

static FILE *create(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int write_pem(const char *path, mode_t mode, X509 *cert, EVP_PKEY *key, struct err *e)
{
	FILE *f = create(path, mode);
	bool good;

	if (!f)
		return err_set(e, -errno, path, 0, "cannot write: %s", strerror(errno));
	good = cert ? PEM_write_X509(f, cert)
	            : PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	if (fclose(f) != 0 || !good)
		return err_set(e, -EIO, path, 0, "cannot write the file");
	return 0;
}

bool tls_name_valid(const char *name)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	name += *name == '*';
	return *name && !name[strspn(name, good)];
}

static void subject_names(const struct tls_config *config, struct buf *ret)
{
	buf_adds(ret, "DNS:localhost,IP:127.0.0.1");
	if (strcmp(config->address, "127.0.0.1") != 0)
		buf_addf(ret, ",IP:%s", config->address);
	for (unsigned i = 0; i < config->n_names; i++)
		buf_addf(ret, ",DNS:%s", config->names[i]);
}

static int make_files(const char *ca, const char *cert, const char *key,
	const struct tls_config *config, struct err *e)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *server_key = EVP_EC_gen("P-256");
	_cleanup_buf_ struct buf san = {0};
	X509 *ca_cert = make_certificate(ca_key, "entra-emulator CA", NULL, ca_key, 3650, NULL);
	X509 *server;
	int r;

	subject_names(config, &san);
	server = ca_cert ? make_certificate(server_key, "entra-emulator", ca_cert, ca_key,
				   config->days, san.data)
	                 : NULL;
	r = server ? 0 : ssl_error(cert, e);
	if (r == 0)
		r = write_pem(key, 0600, NULL, server_key, e);
	if (r == 0)
		r = write_pem(cert, 0644, server, NULL, e);
	if (r == 0)
		r = write_pem(ca, 0644, ca_cert, NULL, e);
	X509_free(ca_cert);
	X509_free(server);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(server_key);
	return r;
}

static int check_names(
	const char *path, const SSL_CTX *ctx, const struct tls_config *config, struct err *e)
{
	X509 *cert = SSL_CTX_get0_certificate(ctx);

	for (unsigned i = 0; i < config->n_names; i++)
		if (X509_check_host(cert, config->names[i], 0, 0, NULL) != 1)
			return err_set(e, -EINVAL, path, 0,
				"was made without the name %s: remove it, and clients trust the "
				"new "
				"ca.pem",
				config->names[i]);
	return 0;
}

int tls_context(const char *dir, const struct tls_config *config, SSL_CTX **ret, struct err *e)
{
	_cleanup_free_ char *ca = xasprintf("%s/ca.pem", dir);
	_cleanup_free_ char *cert = xasprintf("%s/cert.pem", dir);
	_cleanup_free_ char *key = xasprintf("%s/key.pem", dir);
	SSL_CTX *ctx;
	int r = 0;

	if (access(ca, R_OK) < 0 || access(cert, R_OK) < 0 || access(key, R_OK) < 0)
		r = make_files(ca, cert, key, config, e);
	if (r < 0)
		return r;
	ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		r = ssl_error(cert, e);
	else
		r = check_names(cert, ctx, config, e);
	if (r < 0) {
		SSL_CTX_free(ctx);
		return r;
	}
	*ret = ctx;
	return 0;
}
