/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_call.c: "nthrift call", which makes one call and prints the reply or
 * the exception as JSON: what curl is for HTTP.  nthrift_call.h lists the other
 * rooms.
 *
 * Nothing but JSON goes to standard output.
 */

#include "nthrift.h"
#include "nthrift_request.h"


static const char  call_usage[] =
    "usage: nthrift call [options] ADDRESS Service.method [JSON] --idl FILE\n"
    "\n"
    "ADDRESS         HOST:PORT, [::1]:PORT, unix:/path,\n"
    "                http://HOST[:PORT]/path or https://HOST[:PORT]/path\n"
    "JSON            the arguments, an object by name or an array by place;\n"
    "                @FILE reads them from a file, - from standard input\n"
    "\n"
    "--idl FILE      the .thrift file that has the service\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "--framed        framed transport (default)\n"
    "--unframed      buffered transport\n"
    "--theader       framed, with a THeader\n"
    "--binary        binary protocol (default)\n"
    "--lax           the same without a version, for old servers\n"
    "--compact       compact protocol\n"
    "--json-protocol  JSON protocol; or --json, which in \"nthrift bench\" is\n"
    "                the format of the report\n"
    "--multiplexed   send \"Service:method\" as the name\n"
    "--header N=V    a header of HTTP, or of a THeader\n"
    "--tls           TLS; with https:// always\n"
    "--ca FILE       certificates to trust; default: those of the system\n"
    "--cert FILE     the client's certificate\n"
    "--key FILE      and its key, if it is not in the same file\n"
    "--tls-name N    name in the server's certificate; default: HOST\n"
    "--insecure      do not verify the certificate\n"
    "--seqid N       default 1\n"
    "--timeout N     seconds, for all of it; default 10\n"
    "--max-size N    bytes of a message; default 16384000\n"
    "--long-strings  print 64-bit numbers as strings\n"
    "-v              say what is sent and received, and the time\n"
    "-vv             and show the bytes\n"
    "\n"
    "Exit codes: 0 a result, 1 an exception, 2 the command line, the IDL or\n"
    "the arguments are wrong, 3 no connection or no proper reply.\n";


static int
call_make(nthrift_request_t *r)
{
    int               rc;
    nthrift_answer_t  a;

    if (nthrift_exchange(&r->call, &a) != 0) {
        nthrift_say("%s%s%s%s", a.error, (*a.hint != '\0') ? " (" : "", a.hint,
                    (*a.hint != '\0') ? ")" : "");
        rc = NTHRIFT_CALL_FAILED;

    } else if (a.kind == NTHRIFT_ANSWER_NONE) {
        rc = NTHRIFT_CALL_OK;

    } else {
        rc = nthrift_body_show(&r->body, a.head.protocol, a.head.type,
                               &a.body);
    }

    nthrift_answer_free(&a);

    return rc;
}


static int
call_start(const nthrift_request_options_t *o, unsigned verbose)
{
    int                rc;
    nthrift_request_t  request;

    rc = nthrift_request_create(&request, o);

    if (rc == NTHRIFT_CALL_OK) {
        request.call.verbose = verbose;
        rc = call_make(&request);
    }

    nthrift_request_destroy(&request);

    return rc;
}


int
nthrift_call(int argc, char **argv)
{
    int                         rc, n;
    unsigned                    verbose;
    nthrift_request_options_t   o;

    nthrift_option_t  options[] = {
        nthrift_request_options(&o),
        { "--long-strings", NTHRIFT_OPTION_SET, &o.long_strings, 1, 0 },
        { "--seqid", NTHRIFT_OPTION_NUMBER, &o.seqid, INT32_MIN, INT32_MAX },
        { "-v", NTHRIFT_OPTION_COUNT, &verbose, 0, 0 },
        { "-vv", NTHRIFT_OPTION_SET, &verbose, 2, 0 },
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    verbose = 0;
    nthrift_request_init(&o, argc);

    n = nthrift_option_parse(options, argc, argv, o.words,
                             NTHRIFT_REQUEST_WORDS);

    if (n < 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else if (o.target.help) {
        fputs(call_usage, stdout);
        rc = NTHRIFT_CALL_OK;

    } else if (nthrift_request_check(&o, n, "call", call_usage) != 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else {
        rc = call_start(&o, verbose);
    }

    nthrift_request_free(&o);

    return rc;
}
