/*
 * engine/ws/terminal.h - shells of this machine, one for each connection to
 * /terminal.
 *
 *   in:  {"type":"input","data":TEXT} {"type":"resize","cols":N,"rows":N}
 *        {"type":"ping"}
 *   out: {"type":"output","data":TEXT} {"type":"exit","code":N}
 *        {"type":"pong","ts":SECONDS} {"type":"error","message":TEXT}
 *
 * Closed with 1000 behind `exit` and at a limit of time, with 1008 where
 * there are no terminals or the peer is no administrator, 1011 when the shell
 * cannot be started, 1013 when there are too many.
 */

#ifndef NT_TERMINAL_H
#define NT_TERMINAL_H

/* The terminals of an engine, in its services; NULL there: none. */
typedef struct {
    unsigned max;    /* sessions at a time, of all users */
    unsigned idle_s; /* without input and output, until a session ends */
    unsigned time_s; /* until any session ends */
    unsigned live;   /* sessions whose shell has not ended */
} nt_terminals_t;

#endif
