/*
 * A handler that implements one of the methods that its service inherits.
 */

#include "heir.h"


static void
version(nthrift_call_t *call, const Base_version_args_t *args)
{
    (void) args;

    Heir_version_reply(call, NTHRIFT_STR("1.0"));
}


#ifndef WITHOUT_OWN

static void
own(nthrift_call_t *call, const Heir_own_args_t *args)
{
    (void) args;

    Heir_own_reply(call, NTHRIFT_STR("own"));
}


Heir_HANDLER(.own = own, .version = version)

#else

Heir_HANDLER(.version = version)

#endif
