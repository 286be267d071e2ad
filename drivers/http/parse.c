/* SPDX-License-Identifier: Apache-2.0 */
/* A request's head taken apart (RFC 9112, 9110): what is not plainly right is refused. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <mbedtls/base64.h>

#include "base/reader.h"
#include "drivers/http/http.h"

/* The bytes before `stop`, which is taken too; NULL (and failed) when it does not come. */
static const char *until(struct reader *r, char stop, size_t *len)
{
    const void *at = rd_ok(r) ? memchr(r->pos, stop, rd_left(r)) : NULL;
    if (at == NULL) {
        r->failed = true;
        return NULL;
    }
    *len = (size_t)((const uint8_t *)at - r->pos);
    const char *s = (const char *)rd_bytes(r, *len + 1);
    return s;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int take_path(const char *target, size_t len, struct http_request *req)
{
    const char *query = memchr(target, '?', len);
    size_t n = query != NULL ? (size_t)(query - target) : len, at = 0;
    if (n == 0 || target[0] != '/') {
        return 400;
    }
    for (size_t i = 0; i < n; i++) {
        int c = (unsigned char)target[i];
        if (c == '%') {
            int high = i + 2 < n ? hex(target[i + 1]) : -1;
            int low = i + 2 < n ? hex(target[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return 400;
            }
            c = high << 4 | low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7f) {
            return 400;
        }
        if (at + 1 >= sizeof req->path) {
            return 414;
        }
        req->path[at++] = (char)c;
    }
    req->path[at] = '\0';
    return 0;
}

static int take_request_line(const char *line, size_t len, struct http_request *req)
{
    static const struct {
        const char *name;
        enum http_method method;
    } methods[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST}};
    struct reader r = rd_from(line, len);
    size_t name_len = 0, target_len = 0;
    const char *name = until(&r, ' ', &name_len);
    const char *target = until(&r, ' ', &target_len);
    if (!rd_ok(&r) || name_len == 0) {
        return 400;
    }
    size_t version_len = rd_left(&r);
    const char *version = (const char *)rd_bytes(&r, version_len);
    if (version_len != 8 || memcmp(version, "HTTP/", 5) != 0) {
        return 400;
    }
    if (memcmp(version, "HTTP/1.", 7) != 0) {
        return 505;
    }
    req->method = HTTP_OTHER;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strlen(methods[i].name) == name_len && memcmp(name, methods[i].name, name_len) == 0) {
            req->method = methods[i].method;
        }
    }
    return take_path(target, target_len, req);
}

static int take_length(const char *value, size_t len, struct http_request *req)
{
    uint64_t n = 0;
    if (len == 0 || len > 18) {
        return 400;
    }
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9') {
            return 400;
        }
        n = n * 10 + (uint64_t)(value[i] - '0');
    }
    if (req->has_length && req->content_length != n) {
        return 400;
    }
    req->has_length = true;
    req->content_length = n;
    return n > HTTP_BODY_MAX ? 413 : 0;
}

static bool is(const char *name, size_t len, const char *wanted)
{
    return strlen(wanted) == len && strncasecmp(name, wanted, len) == 0;
}

static int take_header(const char *line, size_t len, struct http_request *req)
{
    struct reader r = rd_from(line, len);
    size_t name_len = 0;
    const char *name = until(&r, ':', &name_len);
    if (!rd_ok(&r) || name_len == 0) {
        return 400;
    }
    for (size_t i = 0; i < name_len; i++) { /* also refuses folded lines */
        if (!isalnum((unsigned char)name[i]) && strchr("!#$%&'*+-.^_`|~", name[i]) == NULL) {
            return 400;
        }
    }
    size_t n = rd_left(&r);
    const char *value = (const char *)rd_bytes(&r, n);
    while (n > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        n--;
    }
    while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t')) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        if (((unsigned char)value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7f) {
            return 400;
        }
    }
    struct {
        const char *name;
        char *to;
        size_t size;
    } kept[] = {{"authorization", req->authorization, sizeof req->authorization},
                {"range", req->range, sizeof req->range},
                {"content-type", req->content_type, sizeof req->content_type}};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (is(name, name_len, kept[i].name)) {
            if (n >= kept[i].size || kept[i].to[0] != '\0') { /* too long, or twice */
                return 400;
            }
            memcpy(kept[i].to, value, n);
            kept[i].to[n] = '\0';
        }
    }
    if (is(name, name_len, "content-length")) {
        return take_length(value, n, req);
    }
    return is(name, name_len, "transfer-encoding") ? 501 : 0;
}

int http_parse(const char *head, size_t len, struct http_request *req)
{
    memset(req, 0, sizeof *req);
    struct reader r = rd_from(head, len);
    int refused = 0;
    for (bool first = true; refused == 0; first = false) {
        size_t n = 0;
        const char *line = until(&r, '\n', &n);
        if (line == NULL || n == 0 || line[n - 1] != '\r' || memchr(line, '\0', n) != NULL) {
            return 400;
        }
        n--;
        if (n == 0) {
            return first ? 400 : 0;
        }
        refused = first ? take_request_line(line, n, req) : take_header(line, n, req);
    }
    return refused;
}

static bool number(const char **s, uint64_t *n)
{
    const char *start = *s;
    *n = 0;
    for (; **s >= '0' && **s <= '9'; (*s)++) {
        if (*n > (UINT64_MAX - 9) / 10) {
            return false;
        }
        *n = *n * 10 + (uint64_t)(**s - '0');
    }
    return *s != start;
}

int http_range(const char *range, uint64_t size, uint64_t *from, uint64_t *to)
{
    uint64_t a, b = UINT64_MAX;
    *from = 0;
    *to = size;
    if (strncasecmp(range, "bytes=", 6) != 0) {
        return 200;
    }
    const char *s = range + 6;
    if (*s == '-') { /* the last so many */
        s++;
        if (!number(&s, &b) || *s != '\0') {
            return 200;
        }
        if (b == 0 || size == 0) {
            return 416;
        }
        *from = b < size ? size - b : 0;
        return 206;
    }
    if (!number(&s, &a) || *s++ != '-' || (*s != '\0' && (!number(&s, &b) || *s != '\0'))) {
        return 200; /* several ranges, or nonsense: RFC 9110 lets us send all */
    }
    if (b < a) {
        return 200;
    }
    if (a >= size) {
        return 416;
    }
    *from = a;
    *to = b < size - 1 ? b + 1 : size;
    return 206;
}

bool http_basic(const char *authorization, char *user, size_t user_size, char *password,
                size_t password_size)
{
    unsigned char plain[400];
    size_t len = 0;
    if (strncasecmp(authorization, "basic ", 6) != 0) {
        return false;
    }
    const char *code = authorization + 6;
    code += strspn(code, " ");
    if (mbedtls_base64_decode(plain, sizeof plain - 1, &len, (const unsigned char *)code,
                              strlen(code)) != 0) {
        return false;
    }
    plain[len] = '\0';
    char *colon = memchr(plain, ':', len);
    bool good = colon != NULL && memchr(plain, '\0', len) == NULL;
    if (good) {
        *colon = '\0';
        good = strlen((char *)plain) < user_size && strlen(colon + 1) < password_size;
    }
    if (good) {
        strcpy(user, (char *)plain);
        strcpy(password, colon + 1);
    }
    explicit_bzero(plain, sizeof plain);
    return good;
}
