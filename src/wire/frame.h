/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/frame.h: where a message begins: which transport and protocol its
 * first bytes tell, and what else those bytes may be.
 */

#ifndef NTHRIFT_FRAME_H
#define NTHRIFT_FRAME_H

#include "wire/wire.h"


/*
 * Tells transport and protocol of the message that begins at `p` and sets
 * head->transport, ->protocol, ->lax and ->frame, and clears what only a
 * THeader has.  Where there is a THeader, that tells the protocol: ->protocol
 * is NTHRIFT_PROTOCOL_AUTO.
 *
 * Detection is that of Apache's THeader servers (lib/cpp THeaderTransport
 * ::readFrame), per message, narrowed by `rules`: what rules->transport or
 * ->protocol fix is not guessed.  With rules->lax, a binary head without
 * version is told from a frame by its fifth byte (a name's length begins with
 * 0, a name does not).
 *
 * Returns NTHRIFT_OK; NTHRIFT_AGAIN when `last - p` bytes (8 at most) do not
 * tell yet and none of them contradicts; NTHRIFT_ERROR with a sentence that
 * says what was seen ("HTTP request", "TLS handshake", "empty frame", ...).
 * A frame longer than rules->max_frame but not longer than NTHRIFT_MAX_FRAME
 * is not an error here: see message.h.
 */
int nthrift_frame_read(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err);

/*
 * Holds what was found against what is allowed: NTHRIFT_OK, or NTHRIFT_ERROR
 * with a sentence that says what was seen where what is expected.
 */
int nthrift_frame_check_transport(const nthrift_rules_t *rules,
    unsigned transport, nthrift_error_t *err);
int nthrift_frame_check_protocol(const nthrift_rules_t *rules,
    unsigned protocol, nthrift_error_t *err);


#endif /* NTHRIFT_FRAME_H */
