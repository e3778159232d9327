-- A reader names what a resource row says last by the number of its state. The number of
-- a stored row is not shown any more: a checkpoint changes it, even within a transaction.
CREATE OR REPLACE VIEW usage AS
    SELECT p.client_id, p.day, p.id, p.record_start, p.part_start, p.part_end, p.units, p.grid,
        s.project_id, s.region_id, s.type, r.resource_id, r.metric, s.flavor, s.name, s.size,
        s.volume_type, s.file_share_type, s.instance_type, s.ip_address, s.attached_to_vm, s.port_id, s.network_id,
        s.subnet_id, s.vm_id, s.instance_name, s.source_volume_uuid, s.schedule_id, s.size_unit, s.tags,
        s.number AS state
    FROM part p
    JOIN state s ON s.number = p.state AND s.client_id = p.client_id
    JOIN resource r ON r.number = p.resource AND r.client_id = p.client_id;
