-- The record of its station's journal that told `print_state`: a record from before it that comes later changes nothing.
ALTER TABLE tickets ADD COLUMN print_seq BIGINT;
