/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket's requests: one JSON object per line. */
#include "app/shell/door_proto.h"

#include <string.h>

static const struct {
    const char *key;
    enum door_kind kind;
    bool text; /* the value is a string; else `true` */
} kinds[] = {
    {"line", DOOR_LINE, true},          {"complete", DOOR_COMPLETE, true},
    {"password", DOOR_PASSWORD, true},  {"hello", DOOR_HELLO, false},
    {"cancel", DOOR_CANCEL, false},
};

static int take_text(yyjson_val *v, struct door_request *out, struct errmsg *why)
{
    const char *s = yyjson_get_str(v);
    size_t len = yyjson_get_len(v);
    if (len >= sizeof out->text) {
        return fail(why, ERR_INVALID, "the text has %zu bytes, at most %zu are taken", len,
                    sizeof out->text - 1);
    }
    if (memchr(s, '\0', len) != NULL) {
        return fail(why, ERR_INVALID, "the text has a NUL character");
    }
    memcpy(out->text, s, len);
    out->text[len] = '\0';
    return 0;
}

int door_request_parse(const char *line, size_t len, struct door_request *out, struct errmsg *why)
{
    memset(out, 0, sizeof *out);
    if (len > DOOR_REQUEST_MAX) {
        return fail(why, ERR_INVALID, "a request has at most %d bytes", DOOR_REQUEST_MAX);
    }
    yyjson_doc *doc = yyjson_read(line, len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    int err = ERR_INVALID;
    if (!yyjson_is_obj(root)) {
        fail(why, err, "a request is a JSON object on one line");
        goto out;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        yyjson_val *v = yyjson_obj_get(root, kinds[i].key);
        if (v == NULL) {
            continue;
        }
        out->kind = kinds[i].kind;
        out->json = yyjson_is_true(yyjson_obj_get(root, "json"));
        out->color = yyjson_is_true(yyjson_obj_get(root, "color"));
        if (kinds[i].text ? !yyjson_is_str(v) : !yyjson_is_true(v)) {
            fail(why, err, "\"%s\" must be %s", kinds[i].key, kinds[i].text ? "a string" : "true");
        } else {
            err = kinds[i].text ? take_text(v, out, why) : 0;
        }
        goto out;
    }
    fail(why, err, "a request has one of: line, complete, password, hello, cancel");
out:
    yyjson_doc_free(doc);
    return err;
}
