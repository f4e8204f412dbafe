/* dynq_soft_outputs() on Thumb-2: what dynq_soft.c does in C. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR) && __ARM_ARCH_ISA_THUMB == 2
#include "dynq_function.inc"

#define SIGN 0x80000000
#define SAVED 36 /* bytes that the registers take on the stack */

/* r0 significand of the unit * 2^8 | r1 words | r2 totals | r3 end of the outputs, less 1 with ReLU | r4 exponent of the unit, less
 * 112 | r5 outputs | r6 word | r7 total | r8 exponent of the product, less 132 | r9 product, sum, output | r10 its lower bits |
 * r11 bias | r12 | lr sign. Product and bias are aligned with the top bit of the larger one at 30. */
FUNCTION dynq_soft_outputs
  push {r4-r11,lr}
  ldrd r12,r5,[sp,#SAVED] /* ReLU, outputs */
  add r3,r5,r3,lsl #2
  subs r3,r3,r12
  ldrd r0,r4,[r0]
  lsls r0,r0,#8
  subs r4,r4,#112
.Loutput:
  ldr r7,[r2],#4
  ldr r6,[r1],#4
  ands lr,r7,#SIGN
  bmi .Lnegative
  cmp r7,#0
  beq .Lbias_alone
.Lmagnitude:
  cmp r7,#0x1000000
  bhi .Lshorten
  clz r12,r7
  lsl r7,r7,r12
.Lnormal:
  ubfx r11,r6,#10,#5
  sub r8,r4,r12
  ubfx r12,r6,#0,#10
  add r8,r8,r11
  orr r12,r12,#0x400
  mul r12,r0,r12 /* 2^28 .. 2^30 */
  umull r10,r9,r7,r12
  clz r12,r9
  cmp r10,#0
  sub r8,r8,r12
  it ne
  orrne r9,r9,#1 /* for all lower ones */
  sub r12,r12,#1
  lsl r9,r9,r12
  ubfx r12,r9,#7,#1 /* to 24 bits, ties to even */
  adds r9,r9,#0x3f
  add r9,r9,r12
  bic r9,r9,#0x7f
  lsrs r12,r6,#16
  beq .Lsum
  ubfx r12,r6,#26,#5
  ubfx r11,r6,#16,#10
  sub r12,r12,r8 /* 20 - distance of the exponents */
  orr r11,r11,#0x400
  cmp r12,#20
  bhi .Lfar
  lsl r11,r11,r12
.Laligned:
  teq lr,r6
  bmi .Lsubtract
  add r9,r9,r11
.Lsum:
  tst lr,r3,lsl #31
  bne .Lzero
  clz r12,r9
  lsl r9,r9,r12
  rsb r12,r12,#132
  add r8,r8,r12
  lsls r10,r9,#24
  mov r9,r9,lsr #8
  add r9,r9,r8,lsl #23
  bmi .Lround
.Lsigned:
  orr r9,r9,lr
.Lstore:
  str r9,[r5],#4
  cmp r5,r3
  blo .Loutput
  pop {r4-r11,pc}

.Lnegative: /* with ReLU only a positive bias can save it */
  rsb r7,r7,#0
  tst r3,#1
  beq .Lmagnitude
  asrs r12,r6,#16
  bgt .Lmagnitude
.Lzero:
  movs r9,#0
  b .Lstore
.Lbias_alone:
  and lr,r6,#SIGN
  tst lr,r3,lsl #31
  bne .Lzero
  lsrs r9,r6,#16
  beq .Lstore
  ubfx r9,r6,#16,#15
  lsls r9,r9,#13
  add r9,r9,#0x38000000
  b .Lsigned
.Lshorten: /* to 24 bits, ties to even */
  clz r12,r7
  lsl r7,r7,r12
  ubfx r10,r7,#8,#1
  adds r10,r10,#0x7f
  adds r7,r7,r10
  bic r7,r7,#0xff
  bcc .Lnormal
  mov r7,#SIGN
  subs r12,r12,#1
  b .Lnormal
.Lfar: /* what is shifted out leaves a bit behind, unless it is less than a quarter of a unit in the last place */
  rsbs r12,r12,#20
  bmi 1f
  mov r10,r11,lsl #20
  lsr r11,r10,r12
  lsl r7,r11,r12
  cmp r7,r10
  it ne
  orrne r11,r11,#1
  cmp r12,#32
  it hs
  movhs r11,#0
  b .Laligned
1:
  rsb r12,r12,#0
  mov r10,r9
  lsr r9,r10,r12
  lsl r7,r9,r12
  cmp r7,r10
  it ne
  orrne r9,r9,#1
  cmp r12,#32
  it hs
  movhs r9,#0
  add r8,r8,r12
  lsl r11,r11,#20
  b .Laligned
.Lsubtract:
  subs r9,r9,r11
  beq .Lzero
  bpl .Lsum
  rsb r9,r9,#0
  eor lr,lr,#SIGN
  b .Lsum
.Lround:
  cmp r10,#SIGN
  ite ne
  addne r9,r9,#1
  andeq r10,r9,#1
  it eq
  addeq r9,r9,r10
  b .Lsigned
END_FUNCTION dynq_soft_outputs
#endif
