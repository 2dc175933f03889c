#include "engine/jobs/redis_tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct nt_redis_tls {
    SSL_CTX *context;
};

struct nt_redis_ssl {
    SSL *ssl;
    BIO *in;  /* from the server; the SSL's */
    BIO *out; /* for it */
    char error[160];
};


static const char *
nt_redis_tls_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());

    ERR_clear_error();

    return reason ? reason : "not usable";
}


/* Files that the URL names. */
static bool
nt_redis_tls_files(SSL_CTX *context, const nt_redis_url_t *url, char *error,
                   size_t size)
{
    const char *what = NULL;

    if (url->ca ? SSL_CTX_load_verify_locations(context, url->ca, NULL) != 1
                : SSL_CTX_set_default_verify_paths(context) != 1)
    {
        what = "the CA certificates";

    } else if (url->cert &&
               SSL_CTX_use_certificate_chain_file(context, url->cert) != 1)
    {
        what = "the certificate";

    } else if (url->key &&
               (SSL_CTX_use_PrivateKey_file(context, url->key,
                                            SSL_FILETYPE_PEM) != 1 ||
                SSL_CTX_check_private_key(context) != 1))
    {
        what = "the key";
    }

    if (what) {
        snprintf(error, size, "%s of the Redis URL cannot be read: %s", what,
                 nt_redis_tls_reason());
    }

    return what == NULL;
}


nt_redis_tls_t *
nt_redis_tls_new(const nt_redis_url_t *url, char *error, size_t size)
{
    nt_redis_tls_t *tls = calloc(1, sizeof(*tls));

    if (tls) {
        tls->context = SSL_CTX_new(TLS_client_method());
    }

    if (tls == NULL || tls->context == NULL ||
        SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1)
    {
        snprintf(error, size, "out of memory");
        nt_redis_tls_free(tls);
        return NULL;
    }

    SSL_CTX_set_verify(tls->context,
                       url->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);

    if (!nt_redis_tls_files(tls->context, url, error, size)) {
        nt_redis_tls_free(tls);
        return NULL;
    }

    return tls;
}


void
nt_redis_tls_free(nt_redis_tls_t *tls)
{
    if (tls) {
        SSL_CTX_free(tls->context);
        free(tls);
    }
}


/* The name or address that the certificate has to be for. */
static bool
nt_redis_ssl_name(SSL *ssl, const char *host)
{
    unsigned char      address[16];
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (uv_inet_pton(AF_INET, host, address) == 0 ||
        uv_inet_pton(AF_INET6, host, address) == 0)
    {
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    }

    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    return SSL_set1_host(ssl, host) == 1 &&
           SSL_set_tlsext_host_name(ssl, host) == 1;
}


nt_redis_ssl_t *
nt_redis_ssl_new(nt_redis_tls_t *tls, const char *host)
{
    nt_redis_ssl_t *ssl = calloc(1, sizeof(*ssl));

    if (ssl == NULL) {
        return NULL;
    }

    ssl->ssl = SSL_new(tls->context);
    ssl->in = BIO_new(BIO_s_mem());
    ssl->out = BIO_new(BIO_s_mem());

    if (ssl->ssl == NULL || ssl->in == NULL || ssl->out == NULL) {
        BIO_free(ssl->in);
        BIO_free(ssl->out);
        SSL_free(ssl->ssl);
        free(ssl);
        return NULL;
    }

    SSL_set_bio(ssl->ssl, ssl->in, ssl->out);
    SSL_set_connect_state(ssl->ssl);

    if (!nt_redis_ssl_name(ssl->ssl, host)) {
        nt_redis_ssl_free(ssl);
        return NULL;
    }

    return ssl;
}


void
nt_redis_ssl_free(nt_redis_ssl_t *ssl)
{
    if (ssl) {
        SSL_free(ssl->ssl); /* and with it the BIOs */
        free(ssl);
    }
}


/* 0 when an operation only waits for the server, -1 when it has failed. */
static int
nt_redis_ssl_failed(nt_redis_ssl_t *ssl, int rc)
{
    int         why = SSL_get_error(ssl->ssl, rc);
    long        verified = SSL_get_verify_result(ssl->ssl);
    const char *reason;

    if (why == SSL_ERROR_WANT_READ) {
        ERR_clear_error();
        return 0;
    }

    if (verified != X509_V_OK &&
        SSL_get_verify_mode(ssl->ssl) != SSL_VERIFY_NONE) {
        reason = X509_verify_cert_error_string(verified);
        ERR_clear_error();
    } else {
        reason =
            why == SSL_ERROR_ZERO_RETURN ? "closed" : nt_redis_tls_reason();
    }

    snprintf(ssl->error, sizeof(ssl->error), "TLS: %s", reason);

    return -1;
}


bool
nt_redis_ssl_feed(nt_redis_ssl_t *ssl, const char *data, size_t len)
{
    return len <= INT_MAX && BIO_write(ssl->in, data, (int) len) == (int) len;
}


int
nt_redis_ssl_shake(nt_redis_ssl_t *ssl)
{
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(ssl->ssl);

    return rc == 1 ? 1 : nt_redis_ssl_failed(ssl, rc);
}


int
nt_redis_ssl_read(nt_redis_ssl_t *ssl, char *data, size_t size)
{
    int rc;

    ERR_clear_error();
    rc = SSL_read(ssl->ssl, data, size < INT_MAX ? (int) size : INT_MAX);

    return rc > 0 ? rc : nt_redis_ssl_failed(ssl, rc);
}


bool
nt_redis_ssl_write(nt_redis_ssl_t *ssl, const char *data, size_t len)
{
    size_t written;
    int    rc;

    ERR_clear_error();
    rc = SSL_write_ex(ssl->ssl, data, len, &written);

    /* memory takes all of it */
    if (rc != 1) {
        (void) nt_redis_ssl_failed(ssl, rc);
    }

    return rc == 1 && written == len;
}


void
nt_redis_ssl_take(nt_redis_ssl_t *ssl, nt_buf_t *wire)
{
    char *data;
    long  len = BIO_get_mem_data(ssl->out, &data);

    if (len > 0) {
        nt_buf_append(wire, data, (size_t) len);
        (void) BIO_reset(ssl->out);
    }
}


const char *
nt_redis_ssl_error(nt_redis_ssl_t *ssl)
{
    return ssl->error[0] ? ssl->error : "TLS: out of memory";
}
