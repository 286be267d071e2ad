/* SPDX-License-Identifier: Apache-2.0 */
/* Multiples of Ed25519's base point without 30 KB of tables; for ref10's ge_scalarmult_base.c. */

#include "ge.h"

/* The first entry of this small table is the base point itself. */
static const ge_precomp base[8] = {
#include "base2.h"
};

/*
 * h = a * B, a little-endian. Doubling and adding, bit by bit from the top, always the same steps:
 * where the bit is 0 the neutral element is added, so that neither time nor memory accesses tell
 * anything about a (RFC 8032, 5.1.4: the addition is complete). About 0.1 ms, twice for each login.
 */
void ge_scalarmult_base(ge_p3 *h, const unsigned char *a)
{
    ge_p1p1 r;

    ge_p3_0(h);
    for (int i = 255; i >= 0; i--) {
        unsigned int bit = (a[i / 8] >> (i % 8)) & 1;
        ge_precomp q;

        ge_p3_dbl(&r, h);
        ge_p1p1_to_p3(h, &r);
        ge_precomp_0(&q);
        fe_cmov(q.yplusx, base[0].yplusx, bit);
        fe_cmov(q.yminusx, base[0].yminusx, bit);
        fe_cmov(q.xy2d, base[0].xy2d, bit);
        ge_madd(&r, h, &q);
        ge_p1p1_to_p3(h, &r);
    }
}
