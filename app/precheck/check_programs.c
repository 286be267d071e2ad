/* SPDX-License-Identifier: Apache-2.0 */
/* What runs inside the server: cascades, triggers, events, definers. */
#include "app/precheck/checks.h"

void check_cascades(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_triggers(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_events(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_definers(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}
