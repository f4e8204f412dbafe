/* What answers the protocol's commands, one function each, by subject: server_input.c, server_inference.c,
 * server_audio.c, server_microphone.c and server_info.c. A handler finds its arguments in server->command; m-ready
 * follows by itself. */
#ifndef HANDLERS_H_
#define HANDLERS_H_

#include "protocol_answers.h"
#include "server.h"

#define HANDLER(id, handler, ...) void handle_##handler(server_t *server);
PROTOCOL_COMMANDS(HANDLER)
PROTOCOL_FRAMES(HANDLER)
#undef HANDLER

/* An error line, with what it tells where it tells something. */
void server_error(server_t *server, protocol_error_t error);
void server_error_text(server_t *server, protocol_error_t error, const char *told);
void server_error_number(server_t *server, protocol_error_t error, uint64_t told);

/* Whether there is an input; says so when there is none. */
bool server_have_input(server_t *server);

/* The data of a frame become the input; false, and an error line, when they are of another length. */
bool server_take_frame(server_t *server);

/* Whether the engine and the input belong to the microphone; says so when they do. */
bool server_is_listening(server_t *server);

/* There is no input any more. */
void server_void_input(server_t *server);

/* server->features are whole: they are the input from now on. */
void server_set_loaded(server_t *server);

#endif
