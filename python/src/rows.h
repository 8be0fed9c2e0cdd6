// The tables of functions, a file a family.
#pragma once

namespace rush::python {

void add_activation_rows();
void add_attention_rows();
void add_autograd_rows();
void add_construct_rows();
void add_convert_rows();
void add_create_rows();
void add_dropout_rows();
void add_elementwise_rows();
void add_embedding_rows();
void add_fft_rows();
void add_fractional_pool_rows();
void add_image_rows();
void add_index_rows();
void add_join_rows();
void add_linalg_measure_rows();
void add_linalg_rows();
void add_linear_rows();
void add_loss_rows();
void add_margin_loss_rows();
void add_method_rows();
void add_movement_rows();
void add_norm_rows();
void add_optim_rows();
void add_option_rows();
void add_order_rows();
void add_pool_rows();
void add_product_rows();
void add_random_rows();
void add_recurrent_rows();
void add_reduce_rows();
void add_special_rows();
void add_write_rows();

void add_all_rows();

}  // namespace rush::python
