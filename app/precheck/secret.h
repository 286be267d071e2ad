/* SPDX-License-Identifier: Apache-2.0 */
/* The account's password never gets into the evidence, also when a server sends it back. */
#ifndef APP_PRECHECK_SECRET_H
#define APP_PRECHECK_SECRET_H

#include "app/precheck/facts.h"

/* Stands for a server's words that hold the password. */
#define SECRET_WORDS "(the server's words are hidden: they hold the password)"

/* Whether `text` shows the password (NULL: there is none), also as the connection writes it, with
 * '?' for what is not plain ASCII. One of less than five bytes occurs in honest answers, too, and
 * hiding it would make nonsense of them. */
bool secret_shows(const char *secret, const char *text, size_t len);

/* answer_put() with HIDDEN in the place of the password. */
int secret_put(struct answer *a, const char *secret, const char *bytes, size_t len);

#endif
