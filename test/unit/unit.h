/* What cmocka wants included before it, and cmocka. */
#ifndef NT_TEST_UNIT_H
#define NT_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
