/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a DHCP server's answer: what is accepted is usable. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/net/dhcp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
    struct dhcp_answer a;
    if (dhcp_parse(data, size, 0xcafebabe, mac, &a) == 0 && a.type != DHCP_NAK) {
        if (a.address == 0 || a.server == 0 || a.prefix < 1 || a.prefix > 32 || a.renew_s == 0 ||
            a.renew_s > a.rebind_s || a.rebind_s > a.lease_s) {
            abort();
        }
    }
    return 0;
}
