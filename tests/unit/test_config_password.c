/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's password: made, checked, refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka, which has a macro named fail. */
#include "config/password.h"

#include <cmocka.h>

/* P = "Password", S = "NaClNaCl", c = 80000, as Python's hashlib.pbkdf2_hmac computes it. */
#define KNOWN                                                                                      \
    "pbkdf2-sha256$80000$4e61436c4e61436c$"                                                        \
    "43d5f94d89bb00fa370edf06296bcf4987aa45f94d1204256e070ee1a032063a"

static void a_known_verifier_is_accepted(void **state)
{
    (void)state;
    assert_true(config_password_is_verifier(KNOWN));
    assert_true(config_password_verify(KNOWN, "Password"));
    assert_false(config_password_verify(KNOWN, "password"));
    assert_false(config_password_verify(KNOWN, ""));
}

static void what_was_made_verifies(void **state)
{
    (void)state;
    char one[PASSWORD_VERIFIER_MAX], two[PASSWORD_VERIFIER_MAX];
    struct errmsg why;
    assert_int_equal(config_password_make("korrekt pferd", one, &why), 0);
    assert_int_equal(config_password_make("korrekt pferd", two, &why), 0);
    assert_string_not_equal(one, two); /* a fresh salt each time */
    assert_true(config_password_is_verifier(one));
    assert_true(config_password_verify(one, "korrekt pferd"));
    assert_false(config_password_verify(one, "korrekt pferd "));
    assert_int_equal(config_password_make("short", one, &why), ERR_INVALID);
    assert_null(strstr(why.text, "short"));
    char longer[PASSWORD_MAX + 2];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(config_password_make(longer, one, &why), ERR_INVALID);
}

static void what_is_no_verifier_lets_nobody_in(void **state)
{
    static const char *const bad[] = {
        "", "Password", "pbkdf2-sha256$", "pbkdf2-sha256$80000$4e61436c4e61436c$",
        "pbkdf2-sha256$999$4e61436c4e61436c$00", "pbkdf2-sha256$99999999999$4e61436c4e61436c$00",
        "pbkdf2-sha256$80000$4e61436c$" /* a salt too short */
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "pbkdf2-sha256$80000$4e61436c4e61436c$"
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00",
        "pbkdf2-sha256$80000$4e61436c4e61436c$"
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(config_password_is_verifier(bad[i]));
        assert_false(config_password_verify(bad[i], "Password"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_verifier_is_accepted),
        cmocka_unit_test(what_was_made_verifies),
        cmocka_unit_test(what_is_no_verifier_lets_nobody_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
