/* SPDX-License-Identifier: Apache-2.0 */
/* What all users of TLS in the appliance share: the start of the crypto library, the clock, the
 * order of the ciphers. */
#ifndef DRIVERS_TLS_TLS_H
#define DRIVERS_TLS_TLS_H

#include <stdbool.h>

/* Start the crypto library; may be called from any thread any number of times. 0 or ERR_TLS. */
int tls_init(void);

/*
 * Whether the wall clock can be believed. While it cannot, a certificate that seems expired or
 * not yet valid is a warning and not a verdict. Believed from the start; the boot of a box
 * without a clock chip says false until NTP or a source has told the time.
 */
void tls_set_clock_known(bool known);
bool tls_clock_known(void);

/*
 * Cipher suites in the order in which they are offered, ended by 0: for
 * mbedtls_ssl_conf_ciphersuites(). AES-GCM comes first where the processor has AES
 * instructions, ChaCha20-Poly1305 elsewhere.
 */
const int *tls_cipher_order(void);

#endif
