/*
 * ThriftTest: Apache's cross-language test, with results of every kind.
 */

#include "thrifttest.h"


/* What comes back as it came, whatever its type. */

#define ECHO(method)                                                          \
    static void                                                               \
    method(nthrift_call_t *call, const ThriftTest_##method##_args_t *args)    \
    {                                                                         \
        ThriftTest_##method##_reply(call, args->thing);                       \
    }

ECHO(testString)
ECHO(testBool)
ECHO(testByte)
ECHO(testI32)
ECHO(testI64)
ECHO(testDouble)
ECHO(testBinary)
ECHO(testUuid)
ECHO(testStruct)
ECHO(testNest)
ECHO(testMap)
ECHO(testStringMap)
ECHO(testSet)
ECHO(testList)
ECHO(testEnum)
ECHO(testTypedef)


static void
test_void(nthrift_call_t *call, const ThriftTest_testVoid_args_t *args)
{
    (void) args;

    ThriftTest_testVoid_reply(call);
}


static void
map_map(nthrift_call_t *call, const ThriftTest_testMapMap_args_t *args)
{
    int32_t                                i;
    ThriftTest_testMapMap_success_value_entry_t    less[4], more[4];
    ThriftTest_testMapMap_success_entry_t  entries[2] = {
        { -4, { 4, less } }, { 4, { 4, more } }
    };

    (void) args;

    for (i = 0; i < 4; i++) {
        less[i].key = less[i].value = i - 4;
        more[i].key = more[i].value = i + 1;
    }

    ThriftTest_testMapMap_reply(call, (ThriftTest_testMapMap_success_t) {
                                2, entries });
}


static void
insanity(nthrift_call_t *call, const ThriftTest_testInsanity_args_t *args)
{
    ThriftTest_testInsanity_success_value_entry_t    one[] = {
        { Numberz_TWO, args->argument }, { Numberz_THREE, args->argument }
    };
    ThriftTest_testInsanity_success_value_entry_t    two[] = {
        { Numberz_SIX, { { 0, NULL }, { 0, NULL } } }
    };
    ThriftTest_testInsanity_success_entry_t  entries[] = {
        { 1, { 2, one } }, { 2, { 1, two } }
    };

    ThriftTest_testInsanity_reply(call, (ThriftTest_testInsanity_success_t) {
                                  2, entries });
}


static void
multi(nthrift_call_t *call, const ThriftTest_testMulti_args_t *args)
{
    ThriftTest_testMulti_reply(call, (Xtruct_t) { NTHRIFT_STR("Hello2"),
                               args->arg0, args->arg1, args->arg2 });
}


static void
exception(nthrift_call_t *call, const ThriftTest_testException_args_t *args)
{
    if (nthrift_str_is(args->arg, "Xception")) {
        ThriftTest_testException_throw_err1(call, (Xception_t) {
                                            1001, args->arg });

    } else if (nthrift_str_is(args->arg, "TException")) {
        nthrift_call_fail(call, "error: TException");

    } else {
        ThriftTest_testException_reply(call);
    }
}


static void
multi_exception(nthrift_call_t *call,
    const ThriftTest_testMultiException_args_t *args)
{
    Xtruct_t  x;

    Xtruct_init(&x);

    if (nthrift_str_is(args->arg0, "Xception")) {
        ThriftTest_testMultiException_throw_err1(call, (Xception_t) {
                                   1001, NTHRIFT_STR("This is an Xception") });

    } else if (nthrift_str_is(args->arg0, "Xception2")) {
        x.string_thing = NTHRIFT_STR("This is an Xception2");
        ThriftTest_testMultiException_throw_err2(call, (Xception2_t) {
                                                 2002, x });

    } else {
        x.string_thing = args->arg1;
        ThriftTest_testMultiException_reply(call, x);
    }
}


static void
slept(nthrift_call_t *call, void *data)
{
    const ThriftTest_testOneway_args_t  *args = data;

    nthrift_call_log(call, NTHRIFT_LOG_INFO, "slept for %d s",
                     (int) args->secondsToSleep);
}


static void
oneway(nthrift_call_t *call, const ThriftTest_testOneway_args_t *args)
{
    nthrift_call_timer(call, (uint32_t) args->secondsToSleep * 1000, slept,
                       args);
}


ThriftTest_HANDLER(
    .testVoid = test_void,
    .testString = testString,
    .testBool = testBool,
    .testByte = testByte,
    .testI32 = testI32,
    .testI64 = testI64,
    .testDouble = testDouble,
    .testBinary = testBinary,
    .testUuid = testUuid,
    .testStruct = testStruct,
    .testNest = testNest,
    .testMap = testMap,
    .testStringMap = testStringMap,
    .testSet = testSet,
    .testList = testList,
    .testEnum = testEnum,
    .testTypedef = testTypedef,
    .testMapMap = map_map,
    .testInsanity = insanity,
    .testMulti = multi,
    .testException = exception,
    .testMultiException = multi_exception,
    .testOneway = oneway
)
