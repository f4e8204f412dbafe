/* Probabilities of logits. Compared with a tolerance only: expf differs between C libraries. */
#ifndef SOFTMAX_H_
#define SOFTMAX_H_

void softmax(const float *logits, unsigned count, float *probabilities);

#endif
