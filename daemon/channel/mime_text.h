/* The notation of a message: header lines (RFC 5322, RFC 2047 where a value isn't plain ASCII) and text parts (RFC
 * 2045).
 *
 * Everything is appended with line ends of CR LF, in ASCII; lines have 76 octets at most where a value has blanks to be
 * folded at, and never more than 998. Texts are UTF-8. Whatever controls a value holds can't end a line: in headers
 * they become blanks, in bodies CR, LF and CR LF are each one line end and the rest is left out. Pure; any thread. */
#ifndef NT_CHANNEL_MIME_TEXT_H
#define NT_CHANNEL_MIME_TEXT_H

#include <glib.h>

void nt_mime_put_header(GString *out, const char *name, const char *value);
/* "Name <address>"; display NULL or empty: the address alone. The address must stand as it is (nt_mime_mailbox_ok). */
void nt_mime_put_mailbox(GString *out, const char *name, const char *display, const char *address);
/* Content-Type and the encoding that suits it, an empty line, and the text: quoted-printable, which reads well in the
 * raw, or base64 where much isn't ASCII. */
void nt_mime_put_text(GString *out, const char *subtype, const char *text);
/* A file, as base64: Content-Type as given, Content-Disposition with the name (RFC 2183; RFC 2231 where it isn't
 * plain), an empty line, and the bytes as they are. */
void nt_mime_put_file(GString *out, const char *type, const char *name, const void *bytes, size_t length);

#endif
