#ifndef PIPEMAIL_PROTO_SASL_FAULT_H
#define PIPEMAIL_PROTO_SASL_FAULT_H

#include "base/str.h"

struct buf;

/*
 * Append for a person what a server says about a token that it refuses (RFC 7628, 3.2.2; XOAUTH2 of Google and
 * Microsoft): a JSON object such as {"status":"400","schemes":"bearer","scope":"https://mail.example.org/"}
 * becomes "status 400, scope https://mail.example.org/". A text that is not such an object is appended as it is,
 * nothing for an empty one. The result is printable and has at most SASL_FAULT_MAX bytes and "...". If the server
 * repeats the token it becomes ***.
 */
void sasl_fault_show(struct buf *out, struct str json, struct str token);
#define SASL_FAULT_MAX 120

#endif
