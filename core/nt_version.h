/*
 * core/nt_version.h - the version of the whole suite.
 */

#ifndef NT_VERSION_H
#define NT_VERSION_H

#define NT_VERSION "0.1.0"

#endif
