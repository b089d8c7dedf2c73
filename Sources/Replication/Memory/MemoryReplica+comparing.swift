extension MemoryReplica: ComparableReplica {
    package func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        let wanted = Set(ids)
        return leaves.filter { wanted.contains($0.id) }
    }
}
