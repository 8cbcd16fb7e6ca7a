#ifndef PIPEMAIL_PROTO_SASL_FAULT_H
#define PIPEMAIL_PROTO_SASL_FAULT_H

#include "base/str.h"

struct buf;

/*
 * What a server says about a token that it refuses (RFC 7628, 3.2.2, and Google's and Microsoft's XOAUTH2): a JSON
 * object such as {"status":"400","schemes":"bearer","scope":"https://mail.example.org/"}. Appended for a person as
 * "status 400, scope https://mail.example.org/"; a text that is not such an object as it is, nothing for an empty one.
 * At most SASL_FAULT_MAX octets and "...", printable. Where the server says the token back, it becomes ***.
 */
void sasl_fault_show(struct buf *out, struct str json, struct str token);
#define SASL_FAULT_MAX 120

#endif
