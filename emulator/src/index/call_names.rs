//! The names of list, map, bit and HyperLogLog operations in the text of an expression (query §2.2).

use aerospike_wire::{bit_op, cdt, exp, hll_op};

/// What the operation of a call is called.
pub fn name(system: i64, id: i64) -> &'static str {
    match system {
        exp::system::BITS => bit_name(id),
        exp::system::HLL => hll_name(id),
        _ if id as u64 == cdt::SELECT => "cdt_select",
        _ if (id as u64) < cdt::FIRST_MAP_ID => list_name(id as u64),
        _ => map_name(id as u64),
    }
}

fn list_name(id: u64) -> &'static str {
    use cdt::list as op;
    match id {
        op::SET_TYPE => "list_set_type",
        op::APPEND => "list_append",
        op::APPEND_ITEMS => "list_append_items",
        op::INSERT => "list_insert",
        op::INSERT_ITEMS => "list_insert_items",
        op::POP => "list_pop",
        op::POP_RANGE => "list_pop_range",
        op::REMOVE => "list_remove",
        op::REMOVE_RANGE => "list_remove_range",
        op::SET => "list_set",
        op::TRIM => "list_trim",
        op::CLEAR => "list_clear",
        op::INCREMENT => "list_increment",
        op::SORT => "list_sort",
        op::SIZE => "list_size",
        op::GET => "list_get",
        op::GET_RANGE => "list_get_range",
        op::GET_BY_INDEX => "list_get_by_index",
        op::GET_BY_VALUE => "list_get_by_value",
        op::GET_BY_RANK => "list_get_by_rank",
        op::GET_ALL_BY_VALUE => "list_get_all_by_value",
        op::GET_BY_VALUE_LIST => "list_get_by_value_list",
        op::GET_BY_INDEX_RANGE => "list_get_by_index_range",
        op::GET_BY_VALUE_INTERVAL => "list_get_by_value_interval",
        op::GET_BY_RANK_RANGE => "list_get_by_rank_range",
        op::GET_BY_VALUE_REL_RANK_RANGE => "list_get_by_value_rel_rank_range",
        op::REMOVE_BY_INDEX => "list_remove_by_index",
        op::REMOVE_BY_VALUE => "list_remove_by_value",
        op::REMOVE_BY_RANK => "list_remove_by_rank",
        op::REMOVE_ALL_BY_VALUE => "list_remove_all_by_value",
        op::REMOVE_BY_VALUE_LIST => "list_remove_by_value_list",
        op::REMOVE_BY_INDEX_RANGE => "list_remove_by_index_range",
        op::REMOVE_BY_VALUE_INTERVAL => "list_remove_by_value_interval",
        op::REMOVE_BY_RANK_RANGE => "list_remove_by_rank_range",
        op::REMOVE_BY_VALUE_REL_RANK_RANGE => "list_remove_by_value_rel_rank_range",
        _ => "list_unknown",
    }
}

fn map_name(id: u64) -> &'static str {
    use cdt::map as op;
    match id {
        op::SET_TYPE => "map_set_type",
        op::ADD => "map_add",
        op::ADD_ITEMS => "map_add_items",
        op::PUT => "map_put",
        op::PUT_ITEMS => "map_put_items",
        op::REPLACE => "map_replace",
        op::REPLACE_ITEMS => "map_replace_items",
        op::INCREMENT => "map_increment",
        op::DECREMENT => "map_decrement",
        op::CLEAR => "map_clear",
        op::REMOVE_BY_KEY => "map_remove_by_key",
        op::REMOVE_BY_INDEX => "map_remove_by_index",
        op::REMOVE_BY_VALUE => "map_remove_by_value",
        op::REMOVE_BY_RANK => "map_remove_by_rank",
        op::REMOVE_BY_KEY_LIST => "map_remove_by_key_list",
        op::REMOVE_ALL_BY_VALUE => "map_remove_all_by_value",
        op::REMOVE_BY_VALUE_LIST => "map_remove_by_value_list",
        op::REMOVE_BY_KEY_INTERVAL => "map_remove_by_key_interval",
        op::REMOVE_BY_INDEX_RANGE => "map_remove_by_index_range",
        op::REMOVE_BY_VALUE_INTERVAL => "map_remove_by_value_interval",
        op::REMOVE_BY_RANK_RANGE => "map_remove_by_rank_range",
        op::REMOVE_BY_KEY_REL_INDEX_RANGE => "map_remove_by_key_rel_index_range",
        op::REMOVE_BY_VALUE_REL_RANK_RANGE => "map_remove_by_value_rel_rank_range",
        op::SIZE => "map_size",
        op::GET_BY_KEY => "map_get_by_key",
        op::GET_BY_INDEX => "map_get_by_index",
        op::GET_BY_VALUE => "map_get_by_value",
        op::GET_BY_RANK => "map_get_by_rank",
        op::GET_ALL_BY_VALUE => "map_get_all_by_value",
        op::GET_BY_KEY_INTERVAL => "map_get_by_key_interval",
        op::GET_BY_INDEX_RANGE => "map_get_by_index_range",
        op::GET_BY_VALUE_INTERVAL => "map_get_by_value_interval",
        op::GET_BY_RANK_RANGE => "map_get_by_rank_range",
        op::GET_BY_KEY_LIST => "map_get_by_key_list",
        op::GET_BY_VALUE_LIST => "map_get_by_value_list",
        op::GET_BY_KEY_REL_INDEX_RANGE => "map_get_by_key_rel_index_range",
        op::GET_BY_VALUE_REL_RANK_RANGE => "map_get_by_value_rel_rank_range",
        _ => "map_unknown",
    }
}

fn bit_name(id: i64) -> &'static str {
    use bit_op as op;
    match id {
        op::RESIZE => "bit_resize",
        op::INSERT => "bit_insert",
        op::REMOVE => "bit_remove",
        op::SET => "bit_set",
        op::OR => "bit_or",
        op::XOR => "bit_xor",
        op::AND => "bit_and",
        op::NOT => "bit_not",
        op::LSHIFT => "bit_lshift",
        op::RSHIFT => "bit_rshift",
        op::ADD => "bit_add",
        op::SUBTRACT => "bit_subtract",
        op::SET_INT => "bit_set_int",
        op::GET => "bit_get",
        op::COUNT => "bit_count",
        op::LSCAN => "bit_lscan",
        op::RSCAN => "bit_rscan",
        op::GET_INT => "bit_get_int",
        _ => "bit_unknown",
    }
}

fn hll_name(id: i64) -> &'static str {
    use hll_op as op;
    match id {
        op::INIT => "hll_init",
        op::ADD => "hll_add",
        op::SET_UNION => "hll_set_union",
        op::REFRESH_COUNT => "hll_refresh_count",
        op::FOLD => "hll_fold",
        op::GET_COUNT => "hll_get_count",
        op::GET_UNION => "hll_get_union",
        op::GET_UNION_COUNT => "hll_get_union_count",
        op::GET_INTERSECT_COUNT => "hll_get_intersect_count",
        op::GET_SIMILARITY => "hll_get_similarity",
        op::DESCRIBE => "hll_describe",
        op::MAY_CONTAIN => "hll_may_contain",
        _ => "hll_unknown",
    }
}
