/* SPDX-License-Identifier: Apache-2.0 */
/* The third-party libraries as they were built give the known answers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <blake3.h>
#include <libdeflate.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <yyjson.h>

static void to_hex(const uint8_t *in, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * len] = '\0';
}

/* The check value of CRC-32/ISO-HDLC, at every alignment and through the long-input paths. */
static void crc32_known_answers(void **state)
{
    static uint8_t zeros[70000];

    (void)state;
    assert_int_equal(libdeflate_crc32(0, "123456789", 9), 0xcbf43926u);
    uint32_t whole = libdeflate_crc32(0, zeros, sizeof(zeros));
    for (size_t cut = 0; cut < 64; cut++) {
        uint32_t crc = libdeflate_crc32(0, zeros, cut);
        crc = libdeflate_crc32(crc, zeros + cut, sizeof(zeros) - cut);
        assert_int_equal(crc, whole);
    }
}

/* From BLAKE3's official test vectors: inputs of length N are the bytes 0, 1, ... 250, 0, 1 ... */
static void blake3_known_answers(void **state)
{
    static const struct {
        size_t len;
        const char *hex;
    } vector[] = {
        {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
        {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
        {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
        {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
        {102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
    };
    static uint8_t input[102400];

    (void)state;
    for (size_t i = 0; i < sizeof(input); i++) {
        input[i] = (uint8_t)(i % 251);
    }
    for (size_t i = 0; i < sizeof(vector) / sizeof(vector[0]); i++) {
        uint8_t digest[BLAKE3_OUT_LEN];
        char hex[2 * BLAKE3_OUT_LEN + 1];
        blake3_hasher h;

        blake3_hasher_init(&h);
        blake3_hasher_update(&h, input, vector[i].len);
        blake3_hasher_finalize(&h, digest, sizeof(digest));
        to_hex(digest, sizeof(digest), hex);
        assert_string_equal(hex, vector[i].hex);
    }
}

static void mbedtls_known_answers(void **state)
{
    uint8_t digest[32];
    char hex[65];

    (void)state;
    assert_int_equal(mbedtls_version_get_number() >> 16, 0x0306);
    assert_int_equal(mbedtls_sha256((const uint8_t *)"abc", 3, digest, 0), 0);
    to_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* Strict: no comments, no trailing comma, no text that is not UTF-8. */
static void yyjson_is_strict(void **state)
{
    static const char *const bad[] = {"{\"a\":1,}", "/* */ 1", "[1 2]", "\"\xff\"", ""};
    yyjson_doc *doc = NULL;

    (void)state;
    doc = yyjson_read("{\"line\":\"status\"}", 17, 0);
    assert_non_null(doc);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "line")), "status");
    yyjson_doc_free(doc);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(yyjson_read(bad[i], strlen(bad[i]), 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32_known_answers),
        cmocka_unit_test(blake3_known_answers),
        cmocka_unit_test(mbedtls_known_answers),
        cmocka_unit_test(yyjson_is_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
