/* SPDX-License-Identifier: Apache-2.0 */
/* Lets Connector/C's client_ed25519 plugin compile as it is. Without one of the TLS libraries it
 * knows, the plugin compiles to nothing; "GnuTLS" is the one from which it uses not a single name:
 * its signature is the bundled ref10 code, which hashes through ma_hash_*() (drivers/tls). */
#ifndef SHIM_GNUTLS_GNUTLS_H
#define SHIM_GNUTLS_GNUTLS_H
#endif
